/* Normalisation's sums for Python, and `fused`, a function of NumPy's kind. */



/* compiled for processors that multiply and add at once too */
#if !defined(__clang__) && defined(__gnu_linux__) && defined(__x86_64__)
#define WITH_FMA __attribute__((target_clones("fma", "default")))
#else
#define WITH_FMA
#endif

#define T float
#define LANES 8
#define CHANNEL_LANES 16
#define CHANNEL_PAIR 1
#define FUSED(a, b, c) fmaf(a, b, c)
#include "native_moments.h"
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

/* channel_moments(x[n, c, s]): [2, c] */
static PyObject *channel_moments(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 1 || !is_rows(args[0], 3, NULL))
        Py_RETURN_NONE;
    npy_intp n = ROW(0), c = ROW(1), s = ROW(2), item = PyArray_ITEMSIZE((PyArrayObject *)args[0]);
    npy_intp apart = PyArray_STRIDE((PyArrayObject *)args[0], 0) / item;
    npy_intp beside = PyArray_STRIDE((PyArrayObject *)args[0], 1) / item;
    int single = GIVEN(FLOAT32);
    PyArrayObject *out = result(args[0], 2, 2, c);
    if (!out)
        return NULL;
    void *to = PyArray_DATA(out);
    RUN(n * c * s, channel_moments_float(NUMBERS(float, 0), apart, beside, n, c, s, to),
        channel_moments_double(NUMBERS(double, 0), apart, beside, n, c, s, to));
    return (PyObject *)out;
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
