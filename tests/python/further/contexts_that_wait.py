import asyncio
import io
import sys
from contextlib import AsyncExitStack, aclosing, asynccontextmanager, redirect_stderr


@asynccontextmanager
async def room(n, *, close="close"):
    print("open", n)
    try:
        yield n
    except KeyError as e:
        print("swallowed", e)
    finally:
        print(close, n)


async def numbers():
    try:
        for i in range(5):
            yield i
    finally:
        print("numbers end")


async def main():
    async with room(1) as r, room(2, close="shut") as q:
        print(r, q)
    async with AsyncExitStack() as stack:
        print(await stack.enter_async_context(room(3)))
        stack.push_async_callback(asyncio.sleep, 0)
        stack.callback(print, "called back")
    async with room(4):
        raise KeyError("k")
    try:
        async with room(5):
            raise ValueError("out")
    except ValueError as e:
        print(e)
    async with aclosing(numbers()) as each:
        print(await anext(each), await anext(aiter(each)))


asyncio.run(main())
err, out = io.StringIO(), sys.stdout
with redirect_stderr(err):
    print("said", file=sys.stderr)
    sys.stderr.write("written\n")
    print("shown")
print(repr(err.getvalue()))


class Block:
    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        print(kind.__name__, value, trace is not None, trace.tb_lineno)
        return True


with Block():
    1 / 0
