/* Normalisation's sums for Python, and `fused`, a function of NumPy's kind. */



/* compiled for processors that multiply and add at once too */
#if !defined(__clang__) && defined(__gnu_linux__) && defined(__x86_64__)
#define WITH_FMA __attribute__((target_clones("fma", "default")))
#else
#define WITH_FMA
#endif

/* What batch norm reads and fills in, float[n, c, s] and numbers for each channel. */
typedef struct {
    const void *x, *g, *mean, *inverse, *factor;
    void *out, *sums;
    npy_intp n, c, s;
    npy_intp apart[3], beside[3]; /* of x, g and out: numbers from one sample, one channel to the next */
    int frozen;
} Batch;

#define T float
#define LANES 8
#define CHANNEL_LANES 16
#define CHANNEL_PAIR 1
#define FUSED(a, b, c) fmaf(a, b, c)
#include "native_moments.h"
#include "native_layer.h"
#include "native_batch.h"
#undef T
#undef LANES
#undef CHANNEL_LANES
#undef CHANNEL_PAIR
#undef FUSED
#define T double
#define LANES 4
#define CHANNEL_PAIR 2
#define CHANNEL_LANES 1 /* in order: these are not rounded after */
#define FUSED(a, b, c) fma(a, b, c)
#include "native_moments.h"
#include "native_layer.h"
#include "native_batch.h"
#undef T
#undef LANES
#undef CHANNEL_LANES
#undef CHANNEL_PAIR
#undef FUSED

/* An array of `dims` dims of float32 or float64, of the type of `like` if there is one and of its sizes, or of one row
   for all of its rows, whose last dim lies side by side. */
static int is_rows(PyObject *x, int dims, PyObject *like)
{
    PyArrayObject *a = (PyArrayObject *)x;
    if (!is_plain(x) || PyArray_NDIM(a) != dims || !PyArray_SIZE(a))
        return 0;
    if (PyArray_TYPE(a) != NPY_FLOAT32 && PyArray_TYPE(a) != NPY_FLOAT64)
        return 0;
    for (int d = 0; like && d < dims; d++) {
        npy_intp size = PyArray_DIM((PyArrayObject *)like, d);
        if (PyArray_DIM(a, d) != size && (PyArray_DIM(a, d) != 1 || d == dims - 1 || dims == 2))
            return 0;
    }
    if (like && PyArray_TYPE(a) != PyArray_TYPE((PyArrayObject *)like))
        return 0;
    return dims == 2 ? PyArray_IS_C_CONTIGUOUS(a) : PyArray_STRIDE(a, dims - 1) == PyArray_ITEMSIZE(a);
}

#define ROW(k) PyArray_DIM((PyArrayObject *)args[0], k)
#define NUMBERS(type, k) ((const type *)PyArray_DATA((PyArrayObject *)args[k]))
#define GIVEN(type) (PyArray_TYPE((PyArrayObject *)args[0]) == NPY_##type)

static PyArrayObject *result(PyObject *like, int dims, npy_intp first, npy_intp second)
{
    npy_intp shape[2] = {first, second};
    return (PyArrayObject *)PyArray_SimpleNew(dims, shape, PyArray_TYPE((PyArrayObject *)like));
}

#define RUN(size, call32, call64)                                                                                      \
    do {                                                                                                               \
        PyThreadState *state = (size) > LONG ? PyEval_SaveThread() : NULL;                                             \
        if (single)                                                                                                    \
            call32;                                                                                                    \
        else                                                                                                           \
            call64;                                                                                                    \
        if (state)                                                                                                     \
            PyEval_RestoreThread(state);                                                                               \
    } while (0)

/* moments(x[m, n]): [2, m] */
static PyObject *moments(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 1 || !is_rows(args[0], 2, NULL))
        Py_RETURN_NONE;
    npy_intp m = ROW(0), n = ROW(1);
    int single = GIVEN(FLOAT32);
    PyArrayObject *out = result(args[0], 2, 2, m);
    if (!out)
        return NULL;
    void *to = PyArray_DATA(out);
    RUN(m * n, moments_float(NUMBERS(float, 0), m, n, to), moments_double(NUMBERS(double, 0), m, n, to));
    return (PyObject *)out;
}

/* row_sums(x[n, c, s], y[n, c, s], y[1, 1, s] or None, at_once): [n, c] */
static PyObject *row_sums(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !is_rows(args[0], 3, NULL) || (args[1] != Py_None && !is_rows(args[1], 3, args[0])))
        Py_RETURN_NONE;
    npy_intp n = ROW(0), c = ROW(1), s = ROW(2), item = PyArray_ITEMSIZE((PyArrayObject *)args[0]), apart[4] = {0};
    int single = GIVEN(FLOAT32), at_once = args[2] == Py_True;
    const void *y = args[1] == Py_None ? NULL : NUMBERS(void, 1);
    for (int k = 0; k < (y ? 4 : 2); k++)
        if (PyArray_DIM((PyArrayObject *)args[k / 2], k % 2) > 1)
            apart[k] = PyArray_STRIDE((PyArrayObject *)args[k / 2], k % 2) / item;
    PyArrayObject *out = result(args[0], 2, n, c);
    if (!out)
        return NULL;
    void *to = PyArray_DATA(out);
    RUN(n * c * s, row_sums_float(NUMBERS(float, 0), y, apart, n, c, s, at_once, to),
        row_sums_double(NUMBERS(double, 0), y, apart, n, c, s, at_once, to));
    return (PyObject *)out;
}

/* column_dots(x[m, n], y[m, n]): [n] */
static PyObject *column_dots(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !is_rows(args[0], 2, NULL) || !is_rows(args[1], 2, args[0]))
        Py_RETURN_NONE;
    npy_intp m = ROW(0), n = ROW(1);
    int single = GIVEN(FLOAT32);
    PyArrayObject *out = result(args[0], 1, n, 0);
    if (!out)
        return NULL;
    void *to = PyArray_DATA(out);
    RUN(m * n, column_dots_float(NUMBERS(float, 0), NUMBERS(float, 1), m, n, to),
        column_dots_double(NUMBERS(double, 0), NUMBERS(double, 1), m, n, to));
    return (PyObject *)out;
}

/* One of the arrays of batch norm, of the sizes of the first one; where it lies, or NULL. */
static void *of_batch(PyObject *x, PyObject *like, Batch *of, int at)
{
    PyArrayObject *a = (PyArrayObject *)x;
    if (!is_rows(x, 3, like) || (like && PyArray_SIZE(a) != PyArray_SIZE((PyArrayObject *)like)))
        return NULL;
    of->apart[at] = PyArray_STRIDE(a, 0) / PyArray_ITEMSIZE(a), of->beside[at] = PyArray_STRIDE(a, 1) / PyArray_ITEMSIZE(a);
    return PyArray_DATA(a);
}

/* Whether it has a number for each channel, `rows` of them, side by side. */
static int is_each(PyObject *x, PyObject *like, npy_intp rows, npy_intp channels)
{
    PyArrayObject *a = (PyArrayObject *)x;
    return is_plain(x) && PyArray_IS_C_CONTIGUOUS(a) && PyArray_TYPE(a) == PyArray_TYPE((PyArrayObject *)like) &&
           PyArray_NDIM(a) == (rows > 1 ? 2 : 1) && PyArray_DIM(a, PyArray_NDIM(a) - 1) == channels &&
           PyArray_SIZE(a) == rows * channels;
}

static int is_given(PyObject *x)
{
    return PyArray_CheckExact(x) && PyArray_ISWRITEABLE((PyArrayObject *)x);
}

/* layer_rows(x[m, n], weight[n] or None, bias[n] or None, eps, mean[m], inverse[m], out[m, n]): the last three */
static PyObject *layer_rows(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 7 || !is_rows(args[0], 2, NULL) || !PyFloat_Check(args[3]))
        Py_RETURN_NONE;
    npy_intp m = ROW(0), n = ROW(1);
    int single = GIVEN(FLOAT32);
    for (int k = 1; k < 6; k++)
        if (k != 3 && (k > 2 || args[k] != Py_None) && !is_each(args[k], args[0], 1, k > 2 ? m : n))
            Py_RETURN_NONE;
    if (!is_rows(args[6], 2, args[0]) || !is_given(args[4]) || !is_given(args[5]) || !is_given(args[6]))
        Py_RETURN_NONE;
    const void *w = args[1] == Py_None ? NULL : NUMBERS(void, 1), *b = args[2] == Py_None ? NULL : NUMBERS(void, 2);
    double eps = PyFloat_AS_DOUBLE(args[3]);
    void *mean = (void *)NUMBERS(void, 4), *inverse = (void *)NUMBERS(void, 5), *out = (void *)NUMBERS(void, 6);
    RUN(m * n, layer_rows_float(NUMBERS(float, 0), w, b, eps, m, n, mean, inverse, out),
        layer_rows_double(NUMBERS(double, 0), w, b, eps, m, n, mean, inverse, out));
    return PyTuple_Pack(3, args[4], args[5], args[6]);
}

/* layer_back(g[m, n], x[m, n], mean[m], inverse[m], weight[n] or None, dx[m, n] or None, dw[n] or None): what there is of
   the last two */
static PyObject *layer_back(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 7 || !is_rows(args[0], 2, NULL) || !is_rows(args[1], 2, args[0]))
        Py_RETURN_NONE;
    npy_intp m = ROW(0), n = ROW(1);
    int single = GIVEN(FLOAT32);
    void *dx = NULL, *dw = NULL;
    for (int k = 2; k < 5; k++)
        if ((k < 4 || args[k] != Py_None) && !is_each(args[k], args[0], 1, k < 4 ? m : n))
            Py_RETURN_NONE;
    if (args[5] != Py_None && (!is_rows(args[5], 2, args[0]) || !is_given(args[5])))
        Py_RETURN_NONE;
    if (args[6] != Py_None && (!is_each(args[6], args[0], 1, n) || !is_given(args[6])))
        Py_RETURN_NONE;
    const void *w = args[4] == Py_None ? NULL : NUMBERS(void, 4);
    if (args[5] != Py_None)
        dx = (void *)NUMBERS(void, 5);
    if (args[6] != Py_None)
        dw = memset((void *)NUMBERS(void, 6), 0, PyArray_NBYTES((PyArrayObject *)args[6]));
    RUN(m * n, layer_back_float(NUMBERS(float, 0), NUMBERS(float, 1), NUMBERS(float, 2), NUMBERS(float, 3), w, m, n, dx, dw),
        layer_back_double(NUMBERS(double, 0), NUMBERS(double, 1), NUMBERS(double, 2), NUMBERS(double, 3), w, m, n, dx, dw));
    if (!dx || !dw)
        return dx || dw ? Py_NewRef(args[dx ? 5 : 6]) : Py_NewRef(Py_None);
    return PyTuple_Pack(2, args[5], args[6]);
}

/* All channels, on all threads. */
static void run_batch(const Batch *of, int single, Part *of_float, Part *of_double)
{
    npy_intp each = of->n * of->s;
    PyThreadState *state = each * of->c > LONG ? PyEval_SaveThread() : NULL;
    shared(single ? of_float : of_double, of, of->c, each < LONG / 2 ? LONG / 2 / each : 1);
    if (state)
        PyEval_RestoreThread(state);
}

/* channel_moments(x[n, c, s]): [2, c] */
static PyObject *channel_moments(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Batch of = {0};
    if (count != 1 || !(of.x = of_batch(args[0], NULL, &of, 0)))
        Py_RETURN_NONE;
    of.n = ROW(0), of.c = ROW(1), of.s = ROW(2);
    PyArrayObject *out = result(args[0], 2, 2, of.c);
    if (!out)
        return NULL;
    of.out = PyArray_DATA(out);
    run_batch(&of, GIVEN(FLOAT32), batch_moments_float, batch_moments_double);
    return (PyObject *)out;
}

/* batch_shift(x[n, c, s], scale[c], shift[c], out[n, c, s]): out */
static PyObject *batch_shift(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Batch of = {0};
    if (count != 4 || !(of.x = of_batch(args[0], NULL, &of, 0)) || !(of.out = of_batch(args[3], args[0], &of, 2)) ||
        !is_each(args[1], args[0], 1, ROW(1)) || !is_each(args[2], args[0], 1, ROW(1)) || !is_given(args[3]))
        Py_RETURN_NONE;
    of.n = ROW(0), of.c = ROW(1), of.s = ROW(2);
    of.factor = NUMBERS(void, 1), of.mean = NUMBERS(void, 2);
    run_batch(&of, GIVEN(FLOAT32), batch_shift_float, batch_shift_double);
    return Py_NewRef(args[3]);
}

/* batch_back(x[n, c, s], g[n, c, s], mean[c] or None, inverse[c], factor[c] or None, frozen, out[n, c, s] or None,
   sums[2, c]): out and sums, or sums; without means there are none. */
static PyObject *batch_back(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Batch of = {0};
    if (count != 8 || !(of.x = of_batch(args[0], NULL, &of, 0)) || !(of.g = of_batch(args[1], args[0], &of, 1)) ||
        (args[2] != Py_None && !is_each(args[2], args[0], 1, ROW(1))) || !is_each(args[3], args[0], 1, ROW(1)) ||
        (args[4] != Py_None && !is_each(args[4], args[0], 1, ROW(1))) || !PyBool_Check(args[5]) ||
        (args[6] != Py_None && (!(of.out = of_batch(args[6], args[0], &of, 2)) || !is_given(args[6]))) ||
        !is_each(args[7], args[0], 2, ROW(1)) || !is_given(args[7]))
        Py_RETURN_NONE;
    of.n = ROW(0), of.c = ROW(1), of.s = ROW(2), of.frozen = args[5] == Py_True;
    if (of.s == 1 || (args[2] == Py_None && !of.frozen)) /* rows are added up in another order */
        Py_RETURN_NONE;
    of.mean = args[2] == Py_None ? NULL : NUMBERS(void, 2), of.inverse = NUMBERS(void, 3);
    of.factor = args[4] == Py_None ? NULL : NUMBERS(void, 4);
    of.sums = PyArray_DATA((PyArrayObject *)args[7]);
    run_batch(&of, GIVEN(FLOAT32), batch_back_float, batch_back_double);
    return args[6] == Py_None ? Py_NewRef(args[7]) : PyTuple_Pack(2, args[6], args[7]);
}

#undef RUN
#undef ROW
#undef NUMBERS
#undef GIVEN

static PyUFuncGenericFunction fused_loops[] = {fused_float, fused_double};
static void *fused_data[] = {NULL, NULL};
static const char fused_types[] = {NPY_FLOAT32, NPY_FLOAT32, NPY_FLOAT32, NPY_FLOAT32,
                                   NPY_FLOAT64, NPY_FLOAT64, NPY_FLOAT64, NPY_FLOAT64};

static PyObject *fused_of_numpys_kind(void)
{
    return PyUFunc_FromFuncAndData(fused_loops, fused_data, fused_types, 2, 3, 1, PyUFunc_None, "fused",
                                   "a * b + c, rounded once", 0);
}
