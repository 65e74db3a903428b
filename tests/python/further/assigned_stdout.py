"""A stream of the program's in the place of `sys.stdout`, as loggers of training put one there; what a LambdaLR keeps."""

import contextlib
import io
import os
import sys
import tempfile

import torch

FOLDER = tempfile.mkdtemp()
class Logger(object):

    def __init__(self, filename='Default.log'):
        self.terminal = sys.stdout
        self.log = open(filename, 'w')

    def write(self, message):
        self.terminal.write(message)
        self.log.write(message)

    def flush(self):
        self.terminal.flush()
        self.log.flush()
sys.stdout = Logger(os.path.join(FOLDER, 'log'))
print('both', 1, sep='-')
print(torch.ones(2))
sys.stdout.flush()
with contextlib.redirect_stdout(io.StringIO()) as f:
    print('inside')
print(repr(f.getvalue()))
sys.stdout = sys.stdout.terminal
print('terminal')
print(open(os.path.join(FOLDER, 'log')).read())
old, sys.stdout = (sys.stdout, io.StringIO())
print('caught')
sys.stdout.write('more')
got = sys.stdout.getvalue()
sys.stdout = old
print(got)
class HiddenPrints:

    def __enter__(self):
        self._original_stdout = sys.stdout
        sys.stdout = open(os.devnull, 'w')

    def __exit__(self, *a):
        sys.stdout.close()
        sys.stdout = self._original_stdout
with HiddenPrints():
    print('hidden')
class Scale:

    def __init__(self, k):
        self.k = k

    def __call__(self, e):
        return self.k ** e
o = torch.optim.SGD([torch.nn.Parameter(torch.ones(1))], lr=1.0)
s = torch.optim.lr_scheduler.LambdaLR(o, [Scale(0.5)])
print(s.state_dict()['lr_lambdas'])
t = torch.optim.lr_scheduler.LambdaLR(o, [Scale(0.9)])
t.load_state_dict(s.state_dict())
print(t.lr_lambdas[0].k, torch.optim.lr_scheduler.LambdaLR(o, lambda e: 1.0).state_dict()['lr_lambdas'])
