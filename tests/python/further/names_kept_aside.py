class A:
    def tells(self, v): return v
    def stands_for(self): return 1
    title = "t"
    told = 3
    over = 4
    makes = 5
    says = 0
    def tells_class(self): pass
class B: 
    made = 1
print(isinstance(3, A), isinstance(A(), A), issubclass(B, A), A().tells(4), A().stands_for(), A.title, A, A.over, A.makes, A.told)
class C(A): pass
print(isinstance(C(), A), C().title, C.__mro__, A.__subclasses__())
A.tells = 5; print(A.tells, isinstance(1, A))


class Report:
    title = "monthly"

    def __init__(self, title=None):
        if title:
            self.title = title


print(Report, Report().title, Report("x").title, type(Report()), repr(Report())[:24])


def f(x):
    return x


f.title, f.makes, f.tells = "of f", int, 3
print(f.title, f.makes, callable(f), str(f)[:12])
try:
    isinstance(3, f)
except TypeError as e:
    print(e)
