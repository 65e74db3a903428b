try:
    raise ExceptionGroup("eg", [ValueError(1), TypeError("t"), ExceptionGroup("in", [KeyError("k"), ValueError(2)])])
except* ValueError as eg: print("VE", repr(eg))
except* (TypeError, KeyError) as eg: print("TK", repr(eg))
try:
    try: raise ExceptionGroup("x", [OSError(1, "a"), ValueError("left")])
    except* OSError as eg: print("os", eg.exceptions)
    else: print("no")
    finally: print("fin")
except ExceptionGroup as rest: print("rest", repr(rest))
try:
    try: raise ValueError("naked")
    except* ValueError as eg: print(repr(eg))
except Exception as e: print("??", e)
try:
    try: raise ExceptionGroup("r", [ValueError(1)])
    except* ValueError as eg: raise KeyError("new")
except Exception as e: print(repr(e))
import asyncio
def f(n):
    try:
        if n: raise ExceptionGroup("f", [ValueError(n), KeyError(n), TypeError(n)])
    except* ValueError as e: print("V", e.exceptions); raise
    except* KeyError as e: print("K", e.exceptions); raise OSError("o")
    else: print("else"); return "ret"
    finally: print("fin", n)
print(f(0))
try: f(1)
except ExceptionGroup as e: print(repr(e), repr(e.__context__))
class MyG(ExceptionGroup):
    def derive(self, excs): return MyG(self.message, excs)
try:
    try: raise MyG("mine", [ValueError(1), KeyError(2)])
    except* KeyError: pass
except MyG as e: print(type(e).__name__, repr(e))
try:
    try: raise KeyError("x")
    except* ValueError: print("no")
except KeyError as e: print("kept", repr(e))
try:
    try: raise ValueError("x")
    except* ExceptionGroup: print("no")
except TypeError as e: print(e)
async def main():
    async def boom(e): raise e
    try:
        async with asyncio.TaskGroup() as tg:
            tg.create_task(boom(ValueError("v"))); tg.create_task(boom(KeyError("k")))
    except* ValueError as eg: print("val", eg.exceptions)
    except* KeyError as eg: print("key", eg.exceptions)
asyncio.run(main())
for a in [("m", []), ("m", 3), (1, [ValueError()]), ("m", [3]), ()]:
    try: ExceptionGroup(*a)
    except Exception as e: print(type(e).__name__, e)
print(repr(BaseExceptionGroup("b", [KeyboardInterrupt()])), type(BaseExceptionGroup("b", [ValueError()])).__name__, ExceptionGroup.__mro__)
try:
    for i in range(3):
        try: raise ExceptionGroup("l", [ValueError(i)])
        except* ValueError as e:
            for j in range(2):
                if j: break
            print("loop", i, j)
except Exception as e: print("??", e)
