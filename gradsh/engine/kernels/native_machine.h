/* A program of array instructions that runs without Python between them: the plan of a loop (gradsh.plans.machine).

   An instruction calls the inner loop of one of NumPy's ufuncs, NumPy's BLAS, or, where neither is known to give NumPy's
   bits, a Python callable. Where memory begins and ends is looked at when an instruction is added: each operand must lie
   within the array that owns its memory, and both are kept as long as the program. */

#ifndef _WIN32
#include <dlfcn.h>
#endif

#define OPERANDS 4
#define WITHIN 8192 /* elements of a reduction that NumPy reads at once: its buffer's size */

typedef void (*Loop)(char **at, const npy_intp *size, const npy_intp *strides, void *data);

typedef enum {
    FLOAT_ADD, FLOAT_SUBTRACT, FLOAT_MULTIPLY, FLOAT_DIVIDE, FLOAT_NEGATIVE, FLOAT_SET,
    DOUBLE_ADD, DOUBLE_SUBTRACT, DOUBLE_MULTIPLY, DOUBLE_DIVIDE, DOUBLE_NEGATIVE, DOUBLE_SET,
    LONG_ADD, LONG_SUBTRACT, LONG_MULTIPLY, QUOTIENT, POWER, DECIDE, OUT, PART,
    ONE_LOOP, LOOPS, ROWS, BYTES, PICK, REDUCE, SUM, GEMM, GEMV, PRODUCT, ASSIGN, CALL, FEW_OF, MANY_OF, SLOPES_OF
} Kind;

typedef struct {
    npy_intp size, stride[OPERANDS];
} Around; /* a dim around the innermost one */

typedef struct {
    int order, from_columns, to_columns;
    npy_int64 m, n, k, lda, ldb, inc;
    void *blas;
} Product;

typedef struct {
    Dim dims[NPY_MAXDIMS + 2];
    int groups, type, side_by_side;
    Order order;
    npy_intp bytes;
} Sum;

typedef struct {
    PyObject *function, *names, *out; /* names: of the last arguments; out: NULL where the result is of no use */
    Py_ssize_t count;
    npy_uint64 scalars, numbers; /* the arguments that are 0-d arrays here, and scalars or Python's numbers there */
    PyTypeObject *type;          /* of the result, where that is a number of Python's */
    PyObject *given[];
} Call;

typedef struct Moving Moving;

typedef struct {
    Kind kind;
    int around;
    char *at[OPERANDS];
    npy_intp size, stride[OPERANDS];
    Loop loop;
    void *data;
    union {
        Around *dims;
        Product *product;
        Sum *sum;
        Call *call;
        Moving *part;
        PyArrayObject *arrays[3];
    } of;
} Instruction;

/* A copy of which one operand (0: from, 1: to) lies elsewhere in each iteration: *start * stride bytes on, for a start
   from 0 to `last`. */
struct Moving {
    const npy_int64 *start, *stop; /* stop: NULL, or what is start + count */
    npy_int64 count, last;
    npy_intp stride;
    int which;
    Instruction copy;
};

typedef struct {
    Instruction *first;
    Py_ssize_t count, room;
    PyObject *kept;  /* whatever an instruction points into */
    Py_ssize_t done; /* how many iterations of the last run came to their end */
} Program;

#define PROGRAM "gradsh.plans.machine"

static void program_freed(PyObject *capsule)
{
    Program *program = PyCapsule_GetPointer(capsule, PROGRAM);
    if (!program)
        return;
    for (Instruction *at = program->first; at < program->first + program->count; at++) {
        if (at->kind == PART && at->of.part->copy.kind == LOOPS)
            PyMem_Free(at->of.part->copy.of.dims);
        switch (at->kind) {
        case PART: case LOOPS: case ROWS: case PICK: case SUM: case GEMM: case GEMV: case CALL:
            PyMem_Free(at->of.dims); /* each of them is one block */
        default:;
        }
    }
    PyMem_Free(program->first);
    Py_XDECREF(program->kept);
    PyMem_Free(program);
}

/* program(): an empty one. */
static PyObject *program(PyObject *Py_UNUSED(self), PyObject *const *Py_UNUSED(args), Py_ssize_t Py_UNUSED(count))
{
    Program *made = PyMem_Calloc(1, sizeof *made);
    if (!made)
        return PyErr_NoMemory();
    if (!(made->kept = PyList_New(0))) {
        PyMem_Free(made);
        return NULL;
    }
    PyObject *capsule = PyCapsule_New(made, PROGRAM, program_freed);
    if (!capsule) {
        Py_DECREF(made->kept);
        PyMem_Free(made);
    }
    return capsule;
}

/* The next instruction of a program, which is not counted yet. */
static Instruction *next_of(Program *program)
{
    if (program->count == program->room) {
        Py_ssize_t room = program->room ? 2 * program->room : 32;
        Instruction *first = PyMem_Realloc(program->first, room * sizeof *first);
        if (!first) {
            PyErr_NoMemory();
            return NULL;
        }
        program->first = first, program->room = room;
    }
    memset(&program->first[program->count], 0, sizeof(Instruction));
    return &program->first[program->count];
}

/* --- operands ----------------------------------------------------------------------------------------------------- */

typedef struct {
    char *low, *high;
} Reach;

static Reach reach_of(PyArrayObject *x)
{
    Reach r = {PyArray_BYTES(x), PyArray_BYTES(x)};
    for (int d = 0; d < PyArray_NDIM(x); d++) {
        npy_intp size = PyArray_DIM(x, d), stride = PyArray_STRIDE(x, d);
        if (!size)
            return (Reach){PyArray_BYTES(x), PyArray_BYTES(x)};
        *(stride < 0 ? &r.low : &r.high) += (size - 1) * stride;
    }
    r.high += PyArray_ITEMSIZE(x);
    return r;
}

/* Arrays and their owners, by turns, from args[0] on: `count` of them are put into x and kept. -1 with an exception
   where one is none, or reaches out of its owner's memory; 0 where one is of a kind that no instruction takes. */
static int operands(Program *program, PyObject *const *args, int count, PyArrayObject **x)
{
    int plain = 1;
    for (int k = 0; k < count; k++) {
        if (!PyArray_Check(args[2 * k]) || !PyArray_Check(args[2 * k + 1])) {
            PyErr_SetString(PyExc_TypeError, "an operand is no array");
            return -1;
        }
        x[k] = (PyArrayObject *)args[2 * k];
        Reach own = reach_of(x[k]), all = reach_of((PyArrayObject *)args[2 * k + 1]);
        if (own.low < own.high && (own.low < all.low || own.high > all.high)) {
            PyErr_SetString(PyExc_ValueError, "an operand reaches out of its memory");
            return -1;
        }
        plain &= is_plain(args[2 * k]) && PyArray_NDIM(x[k]) <= NPY_MAXDIMS && PyArray_SIZE(x[k]) > 0;
        if (PyList_Append(program->kept, args[2 * k]) < 0 || PyList_Append(program->kept, args[2 * k + 1]) < 0)
            return -1;
    }
    return plain && PyArray_ISWRITEABLE(x[count - 1]);
}

static int same_place(PyArrayObject *a, PyArrayObject *b)
{
    return PyArray_BYTES(a) == PyArray_BYTES(b) && PyArray_NDIM(a) == PyArray_NDIM(b) &&
           PyArray_ITEMSIZE(a) == PyArray_ITEMSIZE(b) &&
           PyArray_CompareLists(PyArray_DIMS(a), PyArray_DIMS(b), PyArray_NDIM(a)) &&
           PyArray_CompareLists(PyArray_STRIDES(a), PyArray_STRIDES(b), PyArray_NDIM(a));
}

/* Whether the last operand shares memory with another one, but for one that is the very same. */
static int overlap(PyArrayObject **x, int count)
{
    Reach out = reach_of(x[count - 1]);
    for (int k = 0; k < count - 1; k++) {
        Reach in = reach_of(x[k]);
        if (in.low < out.high && out.low < in.high && !same_place(x[k], x[count - 1]))
            return 1;
    }
    return 0;
}

static int contiguous(PyArrayObject *x)
{
    return PyArray_IS_C_CONTIGUOUS(x);
}

/* Whether NumPy would give all elements to the inner loop at once: all operands are 0-d, or of the output's shape and
   of one dim or without gaps in one order. Then the instruction has that size and those strides. */
static int at_once(Instruction *made, PyArrayObject **x, int count)
{
    PyArrayObject *out = x[count - 1];
    int rows = 1, columns = 1;
    for (int k = 0; k < count; k++) {
        if (!PyArray_NDIM(x[k]) && k < count - 1)
            continue;
        if (PyArray_NDIM(x[k]) != PyArray_NDIM(out) ||
            !PyArray_CompareLists(PyArray_DIMS(x[k]), PyArray_DIMS(out), PyArray_NDIM(out)))
            return 0;
        rows &= PyArray_NDIM(out) == 1 || PyArray_IS_C_CONTIGUOUS(x[k]);
        columns &= PyArray_NDIM(out) == 1 || PyArray_IS_F_CONTIGUOUS(x[k]);
    }
    if (!rows && !columns)
        return 0;
    made->size = PyArray_SIZE(out);
    for (int k = 0; k < count; k++) {
        made->at[k] = PyArray_BYTES(x[k]);
        made->stride[k] = !PyArray_NDIM(x[k]) && k < count - 1 ? 0
                          : PyArray_NDIM(out) == 1             ? PyArray_STRIDE(x[k], 0)
                                                               : PyArray_ITEMSIZE(x[k]);
    }
    return 1;
}

/* The same where each element may be computed with any others: dims that follow each other become one, the one with
   the smallest steps in the output is the innermost. 0 where shapes do not fit, -1 with an exception. */
static int dim_by_dim(Instruction *made, PyArrayObject **x, int count)
{
    PyArrayObject *out = x[count - 1];
    int ndim = PyArray_NDIM(out), kept = 0;
    Around dims[NPY_MAXDIMS + 1];
    for (int d = 0; d < ndim; d++) {
        Around one = {PyArray_DIM(out, d), {0}};
        for (int k = 0; k < count; k++) {
            int own = d - (ndim - PyArray_NDIM(x[k]));
            if (PyArray_NDIM(x[k]) > ndim || (own >= 0 && PyArray_DIM(x[k], own) != one.size && PyArray_DIM(x[k], own) != 1))
                return 0;
            one.stride[k] = own >= 0 && PyArray_DIM(x[k], own) != 1 ? PyArray_STRIDE(x[k], own) : 0;
        }
        if (one.size == 1)
            continue;
        int at = kept++;
        for (; at > 0 && labs(dims[at - 1].stride[count - 1]) < labs(one.stride[count - 1]); at--)
            dims[at] = dims[at - 1];
        dims[at] = one;
    }
    if (!kept)
        dims[kept++] = (Around){1, {0}};
    int last = 0;
    for (int d = 1; d < kept; d++) {
        int follows = 1;
        for (int k = 0; k < count; k++)
            follows &= dims[last].stride[k] == dims[d].size * dims[d].stride[k];
        if (follows) {
            dims[d].size *= dims[last].size;
            dims[last] = dims[d];
        }
        else
            dims[++last] = dims[d];
    }
    made->size = dims[last].size;
    made->around = last;
    for (int k = 0; k < count; k++)
        made->at[k] = PyArray_BYTES(x[k]), made->stride[k] = dims[last].stride[k];
    if (!last)
        return 1;
    made->of.dims = PyMem_Malloc(last * sizeof(Around));
    if (!made->of.dims) {
        PyErr_NoMemory();
        return -1;
    }
    memcpy(made->of.dims, dims, last * sizeof(Around));
    return 1;
}

static Loop loop_of(PyUFuncObject *ufunc, PyArrayObject **x, void **data)
{
    for (int i = 0; i < ufunc->ntypes; i++) {
        int fits = ufunc->functions[i] != NULL;
        for (int k = 0; k < ufunc->nargs; k++)
            fits &= ufunc->types[i * ufunc->nargs + k] == PyArray_TYPE(x[k]);
        if (fits) {
            *data = ufunc->data ? ((void **)ufunc->data)[i] : NULL;
            return (Loop)ufunc->functions[i];
        }
    }
    return NULL;
}

static Program *opened_program(PyObject *const *args, Py_ssize_t count, Py_ssize_t least)
{
    if (count < least) {
        PyErr_SetString(PyExc_TypeError, "too few arguments");
        return NULL;
    }
    return PyCapsule_GetPointer(args[0], PROGRAM);
}

/* What became of an instruction that may have been added: True, False, or an exception. */
static PyObject *added_to(Program *program, int fits)
{
    if (fits < 0)
        return NULL;
    program->count += fits;
    return PyBool_FromLong(fits);
}

#include "native_machine_elements.h"
#include "native_machine_products.h"
#include "native_machine_calls.h"
#include "native_machine_functions.h"

/* --- running ------------------------------------------------------------------------------------------------------ */

static void run_loops(const Instruction *i)
{
    npy_intp at[NPY_MAXDIMS] = {0};
    char *from[OPERANDS];
    memcpy(from, i->at, sizeof from);
    for (;;) {
        char *here[OPERANDS];
        memcpy(here, from, sizeof here);
        i->loop(here, &i->size, i->stride, i->data);
        int d = i->around - 1;
        for (; d >= 0; d--) {
            const Around *dim = &i->of.dims[d];
            npy_intp back = 0;
            if (++at[d] == dim->size)
                at[d] = 0, back = dim->size;
            for (int k = 0; k < OPERANDS; k++)
                from[k] += dim->stride[k] - back * dim->stride[k];
            if (!back)
                break;
        }
        if (d < 0)
            return;
    }
}

static void run_reduce(const Instruction *i)
{
    npy_intp item = i->stride[0], strides[3] = {0, item, 0}, size = i->size - !i->around;
    for (npy_intp row = 0; row < i->stride[1]; row++) {
        char *out = i->at[1] + row * item, *from = i->at[0] + row * i->size * item;
        char *here[3] = {out, from + (i->around ? 0 : item), out};
        if (!i->around)
            memcpy(out, from, item);
        else if (item == 4)
            *(float *)out = -0.0f;
        else
            *(double *)out = -0.0;
        i->loop(here, &size, strides, i->data);
    }
}

/* same_bits(a, b): whether two arrays of one shape and dtype, both C-contiguous, hold the same bits. */
static PyObject *same_bits(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !is_plain(args[0]) || !is_plain(args[1]))
        return PyErr_Format(PyExc_TypeError, "no two arrays");
    PyArrayObject *a = (PyArrayObject *)args[0], *b = (PyArrayObject *)args[1];
    if (PyArray_NBYTES(a) != PyArray_NBYTES(b) || !contiguous(a) || !contiguous(b))
        return PyErr_Format(PyExc_ValueError, "arrays with gaps");
    return PyBool_FromLong(!memcmp(PyArray_DATA(a), PyArray_DATA(b), PyArray_NBYTES(a)));
}

/* done(program): how many iterations of its last run came to their end. */
static PyObject *done(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 1);
    return program ? PyLong_FromSsize_t(program->done) : NULL;
}

/* Whether the iteration is one of the program. */
static int run_part(const Instruction *i)
{
    const Moving *part = i->of.part;
    Instruction copy = part->copy;
    if (*part->start < 0 || *part->start > part->last || (part->stop && *part->stop != *part->start + part->count))
        return 0;
    copy.at[part->which] += *part->start * part->stride;
    switch (copy.kind) {
    case BYTES: memcpy(copy.at[1], copy.at[0], copy.size); break;
    case FLOAT_SET: *(float *)copy.at[1] = *(float *)copy.at[0]; break;
    case DOUBLE_SET: *(double *)copy.at[1] = *(double *)copy.at[0]; break;
    default: run_loops(&copy);
    }
    return 1;
}

/* run(program, n, outs): n times, or up to the first that is none of the program, in whose middle it ends then; how many
   came to their end. What each gives goes into the list `outs`. Raises what a call raises. */
static PyObject *run(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 3);
    if (!program)
        return NULL;
    Py_ssize_t times = PyLong_AsSsize_t(args[1]), at;
    if (times == -1 && PyErr_Occurred())
        return NULL;
    if (!PyList_CheckExact(args[2]))
        return PyErr_Format(PyExc_TypeError, "no list");
    const Instruction *end = program->first + program->count;
    program->done = 0;
#define ONE(T, k) (*(T *)i->at[k])
#define NUMBERS(name, T)                                                                                               \
    case name##_ADD: ONE(T, 2) = ONE(T, 0) + ONE(T, 1); break;                                                         \
    case name##_SUBTRACT: ONE(T, 2) = ONE(T, 0) - ONE(T, 1); break;                                                    \
    case name##_MULTIPLY: ONE(T, 2) = ONE(T, 0) * ONE(T, 1); break;                                                    \
    case name##_DIVIDE: ONE(T, 2) = ONE(T, 0) / ONE(T, 1); break;                                                      \
    case name##_NEGATIVE: ONE(T, 1) = -ONE(T, 0); break;                                                               \
    case name##_SET: ONE(T, 1) = ONE(T, 0); break;
#define INTEGER(name, how)                                                                                             \
    case name:                                                                                                         \
        if (__builtin_##how##ll_overflow(ONE(npy_int64, 0), ONE(npy_int64, 1), (long long *)i->at[2]))                 \
            return PyLong_FromSsize_t(at);                                                                             \
        break;
    for (at = 0; at < times; program->done = ++at)
        for (const Instruction *i = program->first; i < end; i++)
            switch (i->kind) {
                NUMBERS(FLOAT, float)
                NUMBERS(DOUBLE, double)
                INTEGER(LONG_ADD, sadd)
                INTEGER(LONG_SUBTRACT, ssub)
                INTEGER(LONG_MULTIPLY, smul)
            case QUOTIENT: /* of Python's, which raises where this leaves */
                if (!ONE(double, 1))
                    return PyLong_FromSsize_t(at);
                ONE(double, 2) = ONE(double, 0) / ONE(double, 1);
                break;
            case POWER: {
                double power = pow(ONE(double, 0), ONE(double, 1));
                if (!(ONE(double, 0) > 0) || !isfinite(ONE(double, 0)) || !isfinite(ONE(double, 1)) || !isfinite(power))
                    return PyLong_FromSsize_t(at);
                ONE(double, 2) = power;
                break;
            }
            case DECIDE:
                if (is_true(i) != i->around)
                    return PyLong_FromSsize_t(at);
                break;
            case PART:
                if (!run_part(i))
                    return PyLong_FromSsize_t(at);
                break;
            case OUT:
                if (run_out(i, args[2]) < 0)
                    return NULL;
                break;
            case ONE_LOOP: {
                char *here[OPERANDS] = {i->at[0], i->at[1], i->at[2], i->at[3]};
                i->loop(here, &i->size, i->stride, i->data);
                break;
            }
            case LOOPS: run_loops(i); break;
            case ROWS: ROWS_OF[i->stride[3]](i->at, i->size, i->of.dims); break;
            case PICK:
                if (!run_pick(i))
                    return PyLong_FromSsize_t(at);
                break;
            case BYTES: memcpy(i->at[1], i->at[0], i->size); break;
            case REDUCE: run_reduce(i); break;
            case FEW_OF: run_few(i); break;
            case MANY_OF: ((Many *)i->loop)((const float *)i->at[0], (float *)i->at[1], i->size); break;
            case SLOPES_OF:
                ((Slopes *)i->loop)((const float *)i->at[0], (const float *)i->at[1], (float *)i->at[2], i->size);
                break;
            case SUM:
                memset(i->at[1], 0, i->of.sum->bytes);
                run_sum(i->of.sum->dims, i->of.sum->groups, i->of.sum->type, i->at[0], i->at[1], i->of.sum->order,
                        i->of.sum->side_by_side);
                break;
            case GEMM:
            case GEMV: run_product(i); break;
            case PRODUCT: {
                PyObject *made = PyArray_MatrixProduct2((PyObject *)i->of.arrays[0], (PyObject *)i->of.arrays[1], i->of.arrays[2]);
                if (!made)
                    return NULL;
                Py_DECREF(made);
                break;
            }
            case ASSIGN:
                if (PyArray_CopyInto(i->of.arrays[1], i->of.arrays[0]) < 0)
                    return NULL;
                break;
            case CALL: {
                int ended = run_call(i);
                if (ended)
                    return ended < 0 ? NULL : PyLong_FromSsize_t(at);
                break;
            }
            }
#undef INTEGER
#undef NUMBERS
#undef ONE
    return PyLong_FromSsize_t(at);
}
