"""pickle, argparse, configparser, logging, tempfile and their kin, as programs call them."""

import numpy as np
import torch
import torch.nn as nn

print("--- file")
import pickle, os, tempfile
with tempfile.TemporaryDirectory() as d:
    p = os.path.join(d, 'x.pkl')
    with open(p, 'wb') as f: pickle.dump([1, 2], f); pickle.dump({'b': 1}, f, protocol=pickle.HIGHEST_PROTOCOL)
    with open(p, 'rb') as f:
        print(pickle.load(f), pickle.load(f))
        try: pickle.load(f)
        except EOFError as e: print('EOF', e)

print("--- basic")
import argparse
p = argparse.ArgumentParser(description='Train a net.', prog='train.py', formatter_class=argparse.ArgumentDefaultsHelpFormatter)
p.add_argument('data', help='the file', nargs='?', default='d.csv')
p.add_argument('--lr', type=float, default=1e-3, metavar='LR', help='learning rate (default: %(default)s)')
p.add_argument('-b', '--batch-size', type=int, default=64, help='input batch size')
p.add_argument('--no-cuda', action='store_true', default=False, help='disables CUDA')
p.add_argument('--layers', nargs='+', type=int, default=[1, 2])
p.add_argument('--opt', choices=['sgd', 'adam'], default='sgd')
p.add_argument('-v', action='count', default=0)
p.add_argument('--amp', action=argparse.BooleanOptionalAction, default=True)
a = p.parse_args(['x.csv', '--lr', '0.5', '-b32', '--layers', '3', '4', '-vv', '--no-amp', '--opt=adam'])
print(a, a.lr, vars(a)['batch_size'], a == argparse.Namespace(**vars(a)), 'lr' in a)
print(p.parse_args([])); print(p.parse_known_args(['--foo', '1']))
p.print_help(); p.print_usage(); print(p.format_usage())
print(p.parse_args(['--batch', '5']).batch_size)

print("--- errs")
import argparse
p = argparse.ArgumentParser(prog='t'); p.add_argument('--n', type=int, required=True); p.add_argument('--c', choices=['a','b']); p.add_argument('f', type=lambda s: int(s))
def pos(s):
    v = int(s)
    if v < 0: raise argparse.ArgumentTypeError(f'{v} is negative')
    return v
p.add_argument('--k', type=pos)
for argv in ([], ['--n', 'x', '1'], ['--n', '1', '--c', 'z', '1'], ['--n', '1', 'q'], ['--n', '1', '2', '--k', '-3'], ['--n','1','2','--zz'], ['--n'], ['--n', '3', '4', '--k', '5']):
    try: print(p.parse_args(argv))
    except SystemExit as e: print('exit', e.code, e)
try: p.parse_args(['-h'])
except SystemExit as e: print('exit', e.code)
try: p.error('bad')
except SystemExit as e: print('exit', e.code)

print("--- subs")
import argparse
p = argparse.ArgumentParser(prog='t'); s = p.add_subparsers(dest='cmd', required=True, help='what')
a = s.add_parser('train', help='trains'); a.add_argument('--lr', type=float, default=.1)
b = s.add_parser('test'); b.add_argument('m'); b.set_defaults(func=lambda args: 'run ' + args.m)
print(p.parse_args(['train', '--lr', '2'])); x = p.parse_args(['test', 'q']); print(x.func(x), x.cmd)
g = p.add_mutually_exclusive_group(); g.add_argument('--a', action='store_true'); g.add_argument('--b', action='store_true')
try: p.parse_args(['--a', '--b', 'test', 'q'])
except SystemExit as e: print(e.code)
grp = p.add_argument_group('model', 'about'); grp.add_argument('--dim', type=int, default=3); p.print_help()
try: p.add_argument('--dim')
except argparse.ArgumentError as e: print(e)
parent = argparse.ArgumentParser(add_help=False); parent.add_argument('--seed', type=int, default=1)
c = argparse.ArgumentParser(parents=[parent]); c.add_argument('--x', action='append'); c.add_argument('--y', nargs=2, type=float); c.add_argument('--z', type=str, default=None, dest='zed'); c.set_defaults(q=5)
print(c.parse_args(['--seed', '4', '--x', '1', '--x', '2', '--y', '1', '2']), c.get_default('q'))

print("--- weak")
import weakref
class A: pass
a = A(); r = weakref.ref(a); print(r() is a); d = weakref.WeakValueDictionary(); d['k'] = a; print(len(d), 'k' in d); del a; print(r(), len(d))

print("--- cfg")
import configparser, io, tempfile, os
c = configparser.ConfigParser(); c['train'] = {'lr': '0.1', 'epochs': 3, 'cuda': 'yes'}
print(c.sections(), c['train']['lr'], c.getfloat('train', 'lr'), c['train'].getint('epochs'), c.getboolean('train', 'cuda'), c.get('train', 'z', fallback='q'), dict(c['train']), 'train' in c, c.has_option('train', 'lr'))
s = io.StringIO(); c.write(s); print(s.getvalue())
c2 = configparser.ConfigParser(); c2.read_string('[a]\nx = 1\n[b]\ny: two\n'); print(c2.items('a'), c2.options('b'), c2['b']['y'])
try: c2.get('zz', 'x')
except configparser.NoSectionError as e: print(e)
try: c2['a']['q']
except KeyError as e: print('KeyError', e)
with tempfile.TemporaryDirectory() as d:
    p = os.path.join(d, 'c.ini')
    with open(p, 'w') as f: c.write(f)
    c3 = configparser.ConfigParser(); print(len(c3.read(p)), c3.sections(), c3.read('nosuch.ini'))

print("--- misc")
import difflib, fnmatch, shlex, keyword, colorsys, array, graphlib, errno, builtins
print(difflib.get_close_matches('appel', ['ape', 'apple', 'peach']), difflib.SequenceMatcher(None, 'abcd', 'bcde').ratio(), fnmatch.filter(['a.py', 'b.txt'], '*.py'), shlex.split('a "b c" d'), keyword.iskeyword('for'), colorsys.rgb_to_hsv(1, 0, 0))
a = array.array('d', [1.0, 2.0]); a.append(3); print(a, a.tolist(), a[0], len(a), sum(a)); print(list(graphlib.TopologicalSorter({'b': {'a'}}).static_order()), errno.ENOENT, builtins.len([1]))
print('\n'.join(difflib.unified_diff(['a','b'],['a','c'],lineterm='')))

print("--- fn")
import functools, collections, enum, dataclasses
@functools.singledispatchmethod
def q(self): pass
class E(enum.Flag): A = 1; B = 2
print(E.A | E.B, E.A in (E.A | E.B), bool(E.A & E.B))

print("--- fn2")
import enum
class I(enum.IntFlag): R = 4; W = 2
print(I.R | I.W, I.R + 0, repr(I.R | I.W))

print("--- fn3")
import functools
class C:
    def f(self, a, b): return a, b
    g = functools.partialmethod(f, 1)
print(C().g(2))
def w(f):
    def i(*a): return f(*a)
    return functools.update_wrapper(i, f)
@w
def named(x): "doc"; return x
print(named.__name__, named.__doc__, named.__wrapped__(3))

print("--- coll")
from collections import UserDict, UserList
class D(UserDict):
    def __setitem__(self, k, v): super().__setitem__(k, v * 2)
d = D(a=1); d['b'] = 2; print(d, dict(d), d.data)

print("--- dc")
from dataclasses import dataclass, field, MISSING, fields, asdict, replace, KW_ONLY, astuple, is_dataclass
@dataclass
class P: x: int; y: int = 2
print(fields(P)[0].default is MISSING, fields(P)[1].default, is_dataclass(P), astuple(P(1)))

print("--- dec")
import decimal
from decimal import Decimal, getcontext, localcontext
getcontext().prec = 6; print(Decimal(1) / Decimal(7))
with localcontext() as c: c.prec = 3; print(Decimal(1)/Decimal(3))

print("--- struct")
import struct, hashlib, base64, time, string, io, os, sys, uuid, copy
s = struct.Struct('<if'); print(s.size, s.unpack(s.pack(1, 2.5)), hashlib.new('md5', b'a').hexdigest(), hashlib.sha3_256(b'a').hexdigest()[:8], base64.b85encode(b'abc'), base64.encodebytes(b'abc'))
print(time.strptime('2020-01-02', '%Y-%m-%d').tm_year, time.struct_time is not None, uuid.uuid5(uuid.NAMESPACE_DNS, 'x'), uuid.UUID(int=5))

print("--- os")
import os, sys
print(os.curdir, os.pardir, os.pathsep, os.devnull, os.extsep, os.path.normcase('A'), os.path.splitdrive('a/b'), os.path.commonpath(['a/b', 'a/c']), os.path.islink('x'), os.path.lexists('nosuch'), os.fspath('a'), os.path.samefile('.', '.'))
print(sys.getdefaultencoding(), sys.flags.optimize, sys.hexversion > 0, sys.implementation.name, sys.float_info.epsilon, sys.getfilesystemencoding(), sys.maxunicode, sys.prefix != '', sys.int_info.bits_per_digit, sys.gettrace())
print(len(os.urandom(4)), os.getenv('NOSUCH', 'd'), os.environ.get('NOSUCH'), os.environ.setdefault('ABC', '1'), 'ABC' in os.environ, os.environ['ABC']); os.environ.update({'X1': '2'}); print(os.environ.pop('X1'), os.getpid() > 0)

print("--- tmp")
import tempfile, os
with tempfile.NamedTemporaryFile('w+', suffix='.txt') as f:
    f.write('hello'); f.flush(); f.seek(0); print(f.read(), f.name.endswith('.txt'), os.path.exists(f.name))
with tempfile.TemporaryFile() as f:
    f.write(b'ab'); f.seek(0); print(f.read())
f = tempfile.NamedTemporaryFile(delete=False); torch.save({'a': 1}, f.name); print(torch.load(f.name)); os.unlink(f.name)

print("--- log")
import logging, sys, tempfile, os
with tempfile.TemporaryDirectory() as d:
    p = os.path.join(d, 'a.log')
    log = logging.getLogger('train'); log.setLevel(logging.INFO)
    h = logging.FileHandler(p, mode='w'); h.setFormatter(logging.Formatter('%(levelname)s|%(name)s|%(funcName)s|%(lineno)d|%(message)s')); log.addHandler(h)
    sh = logging.StreamHandler(sys.stdout); sh.setFormatter(logging.Formatter('[%(levelname)-8s] %(message)s')); log.addHandler(sh)
    def f():
        log.info('step %d loss %.3f', 3, 0.5)
    f(); log.debug('no'); log.warning('w')
    class Only(logging.Filter):
        def filter(self, record): return 'keep' in record.getMessage()
    sh.addFilter(Only()); log.info('drop'); log.error('keep me')
    h.close(); print(open(p).read())
    for x in log.handlers[:]: log.removeHandler(x)

print("--- log2")
import logging, tempfile, os
with tempfile.TemporaryDirectory() as d:
    p = os.path.join(d, 'b.log')
    logging.basicConfig(filename=p, level=logging.DEBUG, format='%(levelname)s:%(message)s', force=True)
    logging.debug('one'); logging.getLogger('x').info('two %s', 'z')
    print(open(p).read()); logging.shutdown()
    print(logging.getLogger('x'), logging.getLevelName(20), logging.INFO, logging.getLogger('x').getEffectiveLevel())

print("--- log3")
import logging, io
s = io.StringIO(); l = logging.getLogger('q'); l.propagate = False; h = logging.StreamHandler(s); h.setFormatter(logging.Formatter('{levelname} {message} {tag}', style='{')); l.addHandler(h); l.setLevel('DEBUG')
logging.addLevelName(15, 'TRACE'); l.log(15, 'hi', extra={'tag': 't'}); a = logging.LoggerAdapter(l, {'tag': 'ad'}); a.info('x'); print(s.getvalue())

print("--- log4")
import logging
class H(logging.Handler):
    def __init__(self): super().__init__(); self.seen = []
    def emit(self, record): self.seen.append(self.format(record))
class Fm(logging.Formatter):
    def format(self, record): return '<' + super().format(record) + '>' + record.levelname
h = H(); h.setFormatter(Fm('%(message)s')); h.setLevel(logging.INFO); l = logging.getLogger('z'); l.propagate = False; l.addHandler(h); l.setLevel(1); l.debug('a'); l.warning('b %d', 3); print(h.seen)
