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
    LONG_ADD, LONG_SUBTRACT, LONG_MULTIPLY, DECIDE, OUT,
    ONE_LOOP, LOOPS, BYTES, REDUCE, SUM, GEMM, GEMV, PRODUCT, ASSIGN, CALL
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
    int groups, type;
    npy_intp bytes;
} Sum;

typedef struct {
    PyObject *function, *names, *out; /* names: of the last arguments; out: NULL where the result is of no use */
    Py_ssize_t count;
    npy_uint64 scalars, numbers; /* the arguments that are 0-d arrays here, and scalars or Python's numbers there */
    PyTypeObject *type;          /* of the result, where that is a number of Python's */
    PyObject *given[];
} Call;

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
        PyArrayObject *arrays[3];
    } of;
} Instruction;

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
    for (Instruction *at = program->first; at < program->first + program->count; at++)
        if (at->kind == LOOPS || at->kind == SUM || at->kind == GEMM || at->kind == GEMV || at->kind == CALL)
            PyMem_Free(at->of.dims); /* each of them is one block */
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

/* --- elementwise -------------------------------------------------------------------------------------------------- */

/* add_map(program, ufunc, exact, arithmetic, x, its owner, …, out, its owner): whether the ufunc has been added. All
   have the dtypes of one of its loops. `exact`: an element's bits do not depend on those beside it; `arithmetic`: which
   of FLOAT_ADD … FLOAT_NEGATIVE it is on one number, or -1. */
static PyObject *add_map(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 6);
    PyArrayObject *x[OPERANDS];
    Instruction *made;
    if (!program || !(made = next_of(program)))
        return NULL;
    if (!PyObject_TypeCheck(args[1], &PyUFunc_Type)) {
        PyErr_SetString(PyExc_TypeError, "no ufunc");
        return NULL;
    }
    PyUFuncObject *ufunc = (PyUFuncObject *)args[1];
    int arity = (int)(count - 4) / 2, exact = args[2] == Py_True, fits;
    long arithmetic = PyLong_AsLong(args[3]);
    if (arity != ufunc->nargs || arity > OPERANDS || ufunc->nout != 1 || ufunc->core_enabled)
        Py_RETURN_FALSE;
    if ((fits = operands(program, args + 4, arity, x)) < 1)
        return added_to(program, fits);
    made->loop = loop_of(ufunc, x, &made->data);
    if (!made->loop || overlap(x, arity))
        Py_RETURN_FALSE;
    made->kind = ONE_LOOP;
    if (!at_once(made, x, arity)) {
        if (!exact)
            Py_RETURN_FALSE;
        if ((fits = dim_by_dim(made, x, arity)) < 1)
            return added_to(program, fits);
        made->kind = made->around ? LOOPS : ONE_LOOP;
    }
    else if (made->size == 1 && arithmetic >= 0) {
        int type = PyArray_TYPE(x[0]);
        if (type == NPY_FLOAT32 || type == NPY_FLOAT64)
            made->kind = (Kind)arithmetic + (type == NPY_FLOAT64 ? DOUBLE_ADD : FLOAT_ADD);
    }
    return added_to(program, 1);
}

/* Inner loops that copy from one type to another. */
#define COPIED(name, FROM, TO)                                                                                         \
    static void name(char **at, const npy_intp *size, const npy_intp *strides, void *Py_UNUSED(data))                  \
    {                                                                                                                  \
        char *from = at[0], *to = at[1];                                                                               \
        npy_intp n = *size, near = strides[0], far = strides[1];                                                       \
        if (near == sizeof(FROM) && far == sizeof(TO))                                                                 \
            for (npy_intp k = 0; k < n; k++)                                                                           \
                ((TO *)to)[k] = (TO)((FROM *)from)[k];                                                                 \
        else                                                                                                           \
            for (npy_intp k = 0; k < n; k++, from += near, to += far)                                                  \
                *(TO *)to = (TO) * (FROM *)from;                                                                       \
    }

COPIED(copied_1, npy_uint8, npy_uint8)
COPIED(copied_2, npy_uint16, npy_uint16)
COPIED(copied_4, npy_uint32, npy_uint32)
COPIED(copied_8, npy_uint64, npy_uint64)
COPIED(float_to_double, float, double)
COPIED(double_to_float, double, float)
COPIED(bool_to_float, npy_bool, float)
COPIED(bool_to_double, npy_bool, double)
COPIED(bool_to_long, npy_bool, npy_int64)
COPIED(long_to_float, npy_int64, float)
COPIED(long_to_double, npy_int64, double)

static const struct {
    int from, to;
    Loop loop;
} CASTS[] = {
    {NPY_FLOAT32, NPY_FLOAT64, float_to_double}, {NPY_FLOAT64, NPY_FLOAT32, double_to_float},
    {NPY_BOOL, NPY_FLOAT32, bool_to_float},      {NPY_BOOL, NPY_FLOAT64, bool_to_double},
    {NPY_BOOL, NPY_INT64, bool_to_long},         {NPY_INT64, NPY_FLOAT32, long_to_float},
    {NPY_INT64, NPY_FLOAT64, long_to_double},
};

/* add_copy(program, x, its owner, out, its owner): out[...] = x, cast where dtypes differ. */
static PyObject *add_copy(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 5);
    PyArrayObject *x[2];
    Instruction *made;
    int fits;
    if (!program || !(made = next_of(program)) || (fits = operands(program, args + 1, 2, x)) < 0)
        return NULL;
    int from = PyArray_TYPE(x[0]), to = PyArray_TYPE(x[1]);
    npy_intp item = PyArray_ITEMSIZE(x[1]);
    if (from == to && PyTypeNum_ISNUMBER(to) + PyTypeNum_ISBOOL(to))
        made->loop = item == 1 ? copied_1 : item == 2 ? copied_2 : item == 4 ? copied_4 : item == 8 ? copied_8 : NULL;
    for (size_t k = 0; k < sizeof CASTS / sizeof *CASTS; k++)
        if (CASTS[k].from == from && CASTS[k].to == to)
            made->loop = CASTS[k].loop;
    if (!fits || !made->loop || overlap(x, 2)) {
        made->kind = ASSIGN;
        made->of.arrays[0] = x[0], made->of.arrays[1] = x[1];
        return added_to(program, 1);
    }
    if ((fits = at_once(made, x, 2) ? 1 : dim_by_dim(made, x, 2)) < 1)
        return added_to(program, fits);
    made->kind = made->around ? LOOPS : ONE_LOOP;
    if (from == to && made->size == 1 && !made->around && (to == NPY_FLOAT32 || to == NPY_FLOAT64))
        made->kind = to == NPY_FLOAT32 ? FLOAT_SET : DOUBLE_SET;
    else if (from == to && !made->around && made->stride[0] == item && made->stride[1] == item)
        made->kind = BYTES, made->size *= item;
    return added_to(program, 1);
}

/* --- sums and products -------------------------------------------------------------------------------------------- */

/* add_sum(program, axes, x, its owner, out, its owner): PyTorch's sum along these axes, as `summed` has it. */
static PyObject *add_sum(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 6);
    PyArrayObject *x[2];
    Instruction *made;
    int fits;
    if (!program || !(made = next_of(program)))
        return NULL;
    if ((fits = operands(program, args + 2, 2, x)) < 1)
        return added_to(program, fits);
    int type = PyArray_TYPE(x[0]), ndim = PyArray_NDIM(x[0]);
    npy_int64 axes = reduced_dims(args[1], ndim);
    npy_intp kept = 1;
    for (int d = 0; d < ndim; d++)
        kept *= axes >> d & 1 ? 1 : PyArray_DIM(x[0], d);
    if (axes < 0 || (type != NPY_FLOAT32 && type != NPY_FLOAT64) || PyArray_TYPE(x[1]) != type ||
        !contiguous(x[1]) || PyArray_SIZE(x[1]) != kept || overlap(x, 2) || same_place(x[0], x[1]))
        Py_RETURN_FALSE;
    made->of.sum = PyMem_Malloc(sizeof(Sum));
    if (!made->of.sum)
        return PyErr_NoMemory();
    made->kind = SUM;
    made->at[0] = PyArray_BYTES(x[0]), made->at[1] = PyArray_BYTES(x[1]);
    made->of.sum->type = type;
    made->of.sum->bytes = PyArray_NBYTES(x[1]);
    made->of.sum->groups = walk_of_sum(x[0], axes, BLOCKS, made->of.sum->dims, &fits);
    return added_to(program, 1);
}

/* add_reduce(program, ufunc, axes, starts, x, its owner, out, its owner): whether the reduction has been added. It is
   where the axes are the last ones of an array without gaps: each row is one call of the inner loop. `starts`: from -0.0,
   as NumPy's sums do, else from the first element. */
static PyObject *add_reduce(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 8);
    PyArrayObject *x[3];
    Instruction *made;
    int fits;
    if (!program || !(made = next_of(program)))
        return NULL;
    if ((fits = operands(program, args + 4, 2, x)) < 1)
        return added_to(program, fits);
    int ndim = PyArray_NDIM(x[0]), first = 0, type = PyArray_TYPE(x[0]);
    npy_int64 axes = reduced_dims(args[2], ndim);
    npy_intp rows = 1, size = 1;
    while (first < ndim && !(axes >> first & 1))
        rows *= PyArray_DIM(x[0], first++);
    for (int d = first; d < ndim; d++) {
        if (!(axes >> d & 1))
            Py_RETURN_FALSE;
        size *= PyArray_DIM(x[0], d);
    }
    PyUFuncObject *ufunc = (PyUFuncObject *)args[1];
    if (axes < 1 || !PyObject_TypeCheck(args[1], &PyUFunc_Type) || ufunc->nargs != 3 || !contiguous(x[0]) ||
        !contiguous(x[1]) || PyArray_SIZE(x[1]) != rows || PyArray_TYPE(x[1]) != type || size > WITHIN || size < 2 ||
        (type != NPY_FLOAT32 && type != NPY_FLOAT64) || overlap(x, 2) || same_place(x[0], x[1]))
        Py_RETURN_FALSE;
    PyArrayObject *types[3] = {x[0], x[0], x[0]};
    if (!(made->loop = loop_of(ufunc, types, &made->data)))
        Py_RETURN_FALSE;
    made->kind = REDUCE;
    made->around = args[3] == Py_True;
    made->at[0] = PyArray_BYTES(x[0]), made->at[1] = PyArray_BYTES(x[1]);
    made->size = size, made->stride[0] = PyArray_ITEMSIZE(x[0]), made->stride[1] = rows;
    return added_to(program, 1);
}

/* sgemm, dgemm, sgemv, dgemv of the BLAS that NumPy uses, whose numbers have 64 bits; NULL where it has them not. */
static void *BLAS[4];

/* find_blas(path): whether the library of that path, or one that it was linked with, has them. */
static PyObject *find_blas(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    const char *path = count == 1 ? PyUnicode_AsUTF8(args[0]) : NULL;
    if (!path)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "no path");
#ifdef RTLD_NOLOAD
    static const char *const NAMES[] = {"sgemm", "dgemm", "sgemv", "dgemv"}, *const PREFIXES[] = {"scipy_cblas_", "cblas_"};
    void *library = dlopen(path, RTLD_NOLOAD | RTLD_LAZY);
    for (int k = 0; library && k < 8; k++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s64_", PREFIXES[k / 4], NAMES[k % 4]);
        if (!BLAS[k % 4])
            BLAS[k % 4] = dlsym(library, name);
    }
    if (library)
        dlclose(library);
#endif
    return PyBool_FromLong(BLAS[0] && BLAS[1] && BLAS[2] && BLAS[3]);
}

/* How a matrix of at least two rows and columns without gaps is told to the BLAS: 1 as rows, 2 as columns, 0 not. */
static int layout_of(PyArrayObject *x)
{
    if (PyArray_NDIM(x) != 2 || PyArray_DIM(x, 0) < 2 || PyArray_DIM(x, 1) < 2)
        return 0;
    return PyArray_IS_C_CONTIGUOUS(x) ? 1 : PyArray_IS_F_CONTIGUOUS(x) ? 2 : 0;
}

static int is_vector(PyArrayObject *x)
{
    return PyArray_NDIM(x) == 1 && PyArray_DIM(x, 0) > 1 && PyArray_STRIDE(x, 0) > 0 &&
           PyArray_STRIDE(x, 0) % PyArray_ITEMSIZE(x) == 0;
}

/* What `np.dot` asks of the BLAS (cblas_matrixproduct of NumPy's cblasfuncs.c); 0 where it is not one of its plain ways. */
static int product_of(Instruction *made, PyArrayObject **x)
{
    npy_intp item = PyArray_ITEMSIZE(x[0]);
    void *gemm = BLAS[made->around], *gemv = BLAS[2 + made->around];
    int a = layout_of(x[0]), b = layout_of(x[1]);
    Product p = {0};
    if (a && b && gemm) {
        if (PyArray_BYTES(x[0]) == PyArray_BYTES(x[1])) /* it could be a matrix times itself turned */
            return 0;
        p = (Product){101, a == 2, b == 2, PyArray_DIM(x[0], 0), PyArray_DIM(x[1], 1), PyArray_DIM(x[0], 1), 0, 0, 0, gemm};
        p.lda = PyArray_DIM(x[0], a == 1), p.ldb = PyArray_DIM(x[1], b == 1);
        made->kind = GEMM;
    }
    else if (((a && is_vector(x[1])) || (b && is_vector(x[0]))) && gemv) {
        PyArrayObject *matrix = x[a ? 0 : 1], *vector = x[a ? 1 : 0];
        int rows = layout_of(matrix) == 1;
        p = (Product){rows ? 101 : 102, !a, 0, PyArray_DIM(matrix, 0), PyArray_DIM(matrix, 1), 0, 0, 0, 0, gemv};
        p.lda = PyArray_DIM(matrix, rows), p.inc = PyArray_STRIDE(vector, 0) / item;
        made->kind = GEMV;
        made->at[0] = PyArray_BYTES(matrix), made->at[1] = PyArray_BYTES(vector);
    }
    else
        return 0;
    made->of.product = PyMem_Malloc(sizeof p);
    if (!made->of.product)
        return 0;
    *made->of.product = p;
    return 1;
}

/* add_dot(program, x, its owner, y, its owner, out, its owner): np.dot(x, y, out). */
static PyObject *add_dot(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 7);
    PyArrayObject *x[3];
    Instruction *made;
    int fits;
    if (!program || !(made = next_of(program)))
        return NULL;
    if ((fits = operands(program, args + 1, 3, x)) < 1)
        return added_to(program, fits);
    int type = PyArray_TYPE(x[0]), a = PyArray_NDIM(x[0]), b = PyArray_NDIM(x[1]);
    if ((type != NPY_FLOAT32 && type != NPY_FLOAT64) || PyArray_TYPE(x[1]) != type || PyArray_TYPE(x[2]) != type ||
        !contiguous(x[2]) || overlap(x, 3) || same_place(x[0], x[2]) || same_place(x[1], x[2]) || !a || !b || a > 2 ||
        b > 2 || PyArray_DIM(x[0], a - 1) != PyArray_DIM(x[1], 0) || PyArray_NDIM(x[2]) != a + b - 2 ||
        (a == 2 && PyArray_DIM(x[2], 0) != PyArray_DIM(x[0], 0)) ||
        (b == 2 && PyArray_DIM(x[2], a - 1) != PyArray_DIM(x[1], 1)))
        Py_RETURN_FALSE;
    for (int k = 0; k < 3; k++)
        made->at[k] = PyArray_BYTES(x[k]), made->of.arrays[k] = x[k];
    made->around = type == NPY_FLOAT64;
    made->kind = PRODUCT;
    product_of(made, x);
    return added_to(program, 1);
}

typedef void (*Gemm_float)(int, int, int, npy_int64, npy_int64, npy_int64, float, const void *, npy_int64, const void *,
                           npy_int64, float, void *, npy_int64);
typedef void (*Gemm_double)(int, int, int, npy_int64, npy_int64, npy_int64, double, const void *, npy_int64,
                            const void *, npy_int64, double, void *, npy_int64);
typedef void (*Gemv_float)(int, int, npy_int64, npy_int64, float, const void *, npy_int64, const void *, npy_int64, float,
                           void *, npy_int64);
typedef void (*Gemv_double)(int, int, npy_int64, npy_int64, double, const void *, npy_int64, const void *, npy_int64,
                            double, void *, npy_int64);

static void run_product(const Instruction *i)
{
    const Product *p = i->of.product;
    int first = p->from_columns ? 112 : 111, second = p->to_columns ? 112 : 111;
    if (i->kind == GEMM && i->around)
        ((Gemm_double)p->blas)(p->order, first, second, p->m, p->n, p->k, 1.0, i->at[0], p->lda, i->at[1], p->ldb, 0.0,
                               i->at[2], p->n);
    else if (i->kind == GEMM)
        ((Gemm_float)p->blas)(p->order, first, second, p->m, p->n, p->k, 1.0f, i->at[0], p->lda, i->at[1], p->ldb, 0.0f,
                              i->at[2], p->n);
    else if (i->around)
        ((Gemv_double)p->blas)(p->order, first, p->m, p->n, 1.0, i->at[0], p->lda, i->at[1], p->inc, 0.0, i->at[2], 1);
    else
        ((Gemv_float)p->blas)(p->order, first, p->m, p->n, 1.0f, i->at[0], p->lda, i->at[1], p->inc, 0.0f, i->at[2], 1);
}

/* --- numbers of Python's, and calls ------------------------------------------------------------------------------- */

/* Such a number is in a 0-d array of float64, int64 or bool. An int that does not fit ends the run before the iteration. */
static PyObject *pythons_number(PyArrayObject *x)
{
    const void *at = PyArray_DATA(x);
    switch (PyArray_TYPE(x)) {
    case NPY_FLOAT64: return PyFloat_FromDouble(*(const double *)at);
    case NPY_INT64: return PyLong_FromLongLong(*(const npy_int64 *)at);
    default: return PyBool_FromLong(*(const npy_bool *)at);
    }
}

static int is_number(PyObject *x)
{
    if (!is_plain(x) || PyArray_NDIM((PyArrayObject *)x))
        return 0;
    int type = PyArray_TYPE((PyArrayObject *)x);
    return type == NPY_FLOAT64 || type == NPY_INT64 || type == NPY_BOOL;
}

/* add_integer(program, which, x, its owner, y, its owner, out, its owner): the sum (0), difference (1), product (2). */
static PyObject *add_integer(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 8);
    PyArrayObject *x[3];
    Instruction *made;
    int fits = 0;
    if (!program || !(made = next_of(program)) || (fits = operands(program, args + 2, 3, x)) < 0)
        return NULL;
    long which = PyLong_AsLong(args[1]);
    for (int k = 0; k < 3; k++) {
        fits &= is_number((PyObject *)x[k]) && PyArray_TYPE(x[k]) == NPY_INT64;
        made->at[k] = PyArray_BYTES(x[k]);
    }
    made->kind = LONG_ADD + (Kind)which;
    return added_to(program, fits && which >= 0 && which < 3);
}

/* add_decide(program, truth, x, its owner): the iteration is one of the program only where this number is so. */
static PyObject *add_decide(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 4);
    PyArrayObject *x[1];
    Instruction *made;
    int fits = 0;
    if (!program || !(made = next_of(program)) || (fits = operands(program, args + 2, 1, x)) < 0)
        return NULL;
    made->kind = DECIDE;
    made->at[0] = PyArray_BYTES(x[0]);
    made->size = PyArray_TYPE(x[0]);
    made->around = args[1] == Py_True;
    return added_to(program, fits && is_number((PyObject *)x[0]));
}

/* add_out(program, how, x, its owner): what each iteration gives: the array, copied (0), or what is in it as one of
   NumPy's scalars (1) or of Python's numbers (2). */
static PyObject *add_out(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 4);
    PyArrayObject *x[1];
    Instruction *made;
    if (!program || !(made = next_of(program)) || operands(program, args + 2, 1, x) < 0)
        return NULL;
    long how = PyLong_AsLong(args[1]);
    made->kind = OUT;
    made->around = (int)how;
    made->of.arrays[0] = x[0];
    return added_to(program, how == 0 || (how == 1 && !PyArray_NDIM(x[0])) || (how == 2 && is_number((PyObject *)x[0])));
}

static int run_out(const Instruction *i, PyObject *outs)
{
    PyArrayObject *x = i->of.arrays[0];
    PyObject *made = i->around == 0   ? PyArray_NewCopy(x, NPY_CORDER)
                     : i->around == 1 ? PyArray_ToScalar(PyArray_DATA(x), x)
                                      : pythons_number(x);
    int failed = !made || PyList_Append(outs, made) < 0;
    Py_XDECREF(made);
    return -failed;
}

static int is_true(const Instruction *i)
{
    return i->size == NPY_FLOAT64 ? *(double *)i->at[0] != 0 : i->size == NPY_INT64 ? *(npy_int64 *)i->at[0] != 0 : *(npy_bool *)i->at[0];
}

/* add_call(program, function, names, scalars, numbers, type, out, argument, …): out[...] = function(…), where the last
   arguments have those names. Those whose bits are set in `scalars` or `numbers` are 0-d arrays here, which the function
   gets as NumPy's scalars or Python's numbers. `type`: None, or what the result must be, a number of Python's; `out`: an
   array, or None where the result is of no use. */
static PyObject *add_call(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 7);
    Instruction *made;
    if (!program || !(made = next_of(program)))
        return NULL;
    npy_uint64 scalars = PyLong_AsUnsignedLongLong(args[3]), numbers = PyLong_AsUnsignedLongLong(args[4]);
    if (PyErr_Occurred())
        return NULL;
    int fits = count <= 7 + 60 && PyTuple_Check(args[2]) && PyTuple_GET_SIZE(args[2]) <= count - 7 &&
               (args[6] == Py_None || PyArray_Check(args[6])) &&
               (args[5] == Py_None || (PyType_Check(args[5]) && is_number(args[6])));
    for (Py_ssize_t k = 7; k < count && fits; k++)
        fits &= (!(scalars >> (k - 7) & 1) || (PyArray_Check(args[k]) && !PyArray_NDIM((PyArrayObject *)args[k]))) &&
                (!(numbers >> (k - 7) & 1) || is_number(args[k]));
    if (!fits) {
        PyErr_SetString(PyExc_TypeError, "a call that no instruction can be");
        return NULL;
    }
    PyObject *kept = PyTuple_New(count - 1);
    if (!kept)
        return NULL;
    for (Py_ssize_t k = 1; k < count; k++)
        PyTuple_SET_ITEM(kept, k - 1, Py_NewRef(args[k]));
    int failed = PyList_Append(program->kept, kept);
    Py_DECREF(kept);
    if (failed < 0)
        return NULL;
    Call *call = made->of.call = PyMem_Malloc(sizeof(Call) + (count - 6) * sizeof(PyObject *));
    if (!call)
        return PyErr_NoMemory();
    *call = (Call){args[1], PyTuple_GET_SIZE(args[2]) ? args[2] : NULL, args[6] == Py_None ? NULL : args[6],
                   count - 7 - PyTuple_GET_SIZE(args[2]), scalars, numbers,
                   args[5] == Py_None ? NULL : (PyTypeObject *)args[5]};
    call->given[0] = NULL; /* the callee may use the place before the arguments */
    memcpy(call->given + 1, args + 7, (count - 7) * sizeof(PyObject *));
    made->kind = CALL;
    return added_to(program, 1);
}

/* out[...] = x, of the same shape. */
static int put_into(PyArrayObject *out, PyObject *x)
{
    if (PyArray_CheckScalar(x)) {
        PyArray_Descr *descr = PyArray_DescrFromScalar(x);
        int same = descr && descr->type_num == PyArray_TYPE(out) && !PyArray_NDIM(out);
        Py_XDECREF(descr);
        if (same) {
            PyArray_ScalarAsCtype(x, PyArray_DATA(out));
            return 0;
        }
    }
    PyArrayObject *array = (PyArrayObject *)PyArray_FROM_O(x);
    if (!array)
        return -1;
    int failed = -1;
    if (PyArray_NDIM(array) != PyArray_NDIM(out) ||
        !PyArray_CompareLists(PyArray_DIMS(array), PyArray_DIMS(out), PyArray_NDIM(out)))
        PyErr_SetString(PyExc_ValueError, "an instruction came to another shape");
    else if (PyArray_TYPE(array) == PyArray_TYPE(out) && PyArray_IS_C_CONTIGUOUS(array) && PyArray_IS_C_CONTIGUOUS(out) &&
             PyArray_ISBEHAVED(out) && PyArray_ISBEHAVED_RO(array) && !PyArray_HASFIELDS(out)) {
        memmove(PyArray_DATA(out), PyArray_DATA(array), PyArray_NBYTES(out));
        failed = 0;
    }
    else
        failed = PyArray_CopyInto(out, array);
    Py_DECREF(array);
    return failed;
}

/* Where a number goes: 1 where it is of another type, or does not fit. */
static int put_number(Call *call, PyObject *x)
{
    void *out = PyArray_DATA((PyArrayObject *)call->out);
    int overflow = 0;
    if (Py_TYPE(x) != call->type)
        return 1;
    if (PyFloat_CheckExact(x))
        *(double *)out = PyFloat_AS_DOUBLE(x);
    else if (PyBool_Check(x))
        *(npy_bool *)out = x == Py_True;
    else
        *(npy_int64 *)out = PyLong_AsLongLongAndOverflow(x, &overflow);
    return overflow != 0;
}

/* 0, 1 where the iteration is none of the program, -1 with an exception. */
static int run_call(const Instruction *i)
{
    Call *call = i->of.call;
    Py_ssize_t all = call->count + (call->names ? PyTuple_GET_SIZE(call->names) : 0), made = 0;
    npy_uint64 fresh = call->scalars | call->numbers;
    PyObject *given[64], **from = call->given, *result = NULL;
    if (fresh) { /* a copy: what is made for one run is gone after it */
        memcpy(given, from, (all + 1) * sizeof *given);
        from = given;
        for (; made < all; made++)
            if (fresh >> made & 1) {
                PyArrayObject *array = (PyArrayObject *)call->given[made + 1];
                given[made + 1] = call->numbers >> made & 1 ? pythons_number(array) : PyArray_ToScalar(PyArray_DATA(array), array);
                if (!given[made + 1])
                    break;
            }
    }
    if (!fresh || made == all)
        result = PyObject_Vectorcall(call->function, from + 1, call->count | PY_VECTORCALL_ARGUMENTS_OFFSET, call->names);
    while (made-- > 0)
        if (fresh >> made & 1)
            Py_DECREF(given[made + 1]);
    if (!result)
        return -1;
    int failed = call->type ? put_number(call, result) : call->out ? put_into((PyArrayObject *)call->out, result) : 0;
    Py_DECREF(result);
    return failed;
}

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

/* done(program): how many iterations of its last run came to their end. */
static PyObject *done(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 1);
    return program ? PyLong_FromSsize_t(program->done) : NULL;
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
            case DECIDE:
                if (is_true(i) != i->around)
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
            case BYTES: memcpy(i->at[1], i->at[0], i->size); break;
            case REDUCE: run_reduce(i); break;
            case SUM:
                memset(i->at[1], 0, i->of.sum->bytes);
                run_sum(i->of.sum->dims, i->of.sum->groups, i->of.sum->type, i->at[0], i->at[1], BLOCKS, 0);
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
