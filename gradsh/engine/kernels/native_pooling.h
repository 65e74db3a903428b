/* Max pooling, shared by threads, as pooling.py has it, bit for bit. */

typedef struct {
    const void *x;
    void *values;
    npy_int64 *index;
    npy_intp size[3], kernel[3], stride[3], padding[3], dilation[3], out[3];
    int *failed;
} Windows;

typedef struct {
    const void *g;
    const npy_int64 *index;
    void *out;
    npy_intp count, plane;
    int *failed;
} Put;

/* How many steps from a place until one is not before it. */
INLINE npy_intp past(npy_intp place, npy_intp step)
{
    return place <= 0 ? 0 : (place - 1) / step + 1;
}

#define T float
#include "native_windows.h"
#undef T
#define T double
#include "native_windows.h"
#undef T

/* A number for each of some dims, the last ones of three. */
static int are_three(PyObject *given, npy_intp *to, npy_intp least, int dims, npy_intp alone)
{
    to[0] = to[1] = alone;
    if (!PyTuple_CheckExact(given) || PyTuple_GET_SIZE(given) != dims)
        return 0;
    for (int d = 0; d < dims; d++) {
        PyObject *one = PyTuple_GET_ITEM(given, d);
        npy_intp value = PyLong_CheckExact(one) ? PyLong_AsSsize_t(one) : -1;
        if (value < least || value > 1 << 20) {
            PyErr_Clear();
            return 0;
        }
        to[3 - dims + d] = value;
    }
    return 1;
}

/* windows(x[…, *size], kernel, stride, padding, dilation, out): the values […, *out] and where they stand */
static PyObject *windows(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 6 || !is_plain(args[0]) || !PyTuple_CheckExact(args[1]))
        Py_RETURN_NONE;
    PyArrayObject *x = (PyArrayObject *)args[0];
    int dims = (int)PyTuple_GET_SIZE(args[1]), lead = PyArray_NDIM(x) - dims, type = PyArray_TYPE(x), failed = 0;
    Windows of = {.x = PyArray_DATA(x), .failed = &failed, .size = {1, 1, 1}};
    if (dims < 1 || dims > 3 || lead < 0 || !PyArray_IS_C_CONTIGUOUS(x) || !PyArray_SIZE(x) ||
        (type != NPY_FLOAT32 && type != NPY_FLOAT64) || !are_three(args[1], of.kernel, 1, dims, 1) ||
        !are_three(args[2], of.stride, 1, dims, 1) || !are_three(args[3], of.padding, 0, dims, 0) ||
        !are_three(args[4], of.dilation, 1, dims, 1) || !are_three(args[5], of.out, 1, dims, 1))
        Py_RETURN_NONE;
    npy_intp shape[NPY_MAXDIMS], plane = 1, taps = of.kernel[0] * of.kernel[1] * of.kernel[2];
    for (int d = 0; d < dims; d++) {
        int at = 3 - dims + d;
        of.size[at] = PyArray_DIM(x, lead + d), plane *= of.size[at];
        /* each window has a number that is no padding: its first one has a place */
        if ((of.out[at] - 1) * of.stride[at] - of.padding[at] >= of.size[at])
            Py_RETURN_NONE;
        for (npy_intp o = 0; o * of.stride[at] < of.padding[at] && o < of.out[at]; o++) {
            npy_intp from = o * of.stride[at] - of.padding[at], met = past(-from, of.dilation[at]);
            if (met >= of.kernel[at] || from + met * of.dilation[at] >= of.size[at])
                Py_RETURN_NONE;
        }
    }
    if (plane > NPY_MAX_INT32)
        Py_RETURN_NONE;
    for (int d = 0; d < PyArray_NDIM(x); d++)
        shape[d] = d < lead ? PyArray_DIM(x, d) : of.out[3 - PyArray_NDIM(x) + d];
    PyArrayObject *values = (PyArrayObject *)PyArray_SimpleNew(PyArray_NDIM(x), shape, type);
    PyArrayObject *index = (PyArrayObject *)PyArray_SimpleNew(PyArray_NDIM(x), shape, NPY_INT64);
    if (!values || !index) {
        Py_XDECREF(values);
        Py_XDECREF(index);
        return NULL;
    }
    of.values = PyArray_DATA(values), of.index = PyArray_DATA(index);
    npy_intp rows = PyArray_SIZE(x) / plane * of.out[0] * of.out[1], each = of.out[2] * (taps < LONG ? taps : LONG);
    PyThreadState *state = rows * each > LONG ? PyEval_SaveThread() : NULL;
    shared(type == NPY_FLOAT32 ? windows_float : windows_double, &of, rows, each < LONG ? LONG / each : 1);
    if (state)
        PyEval_RestoreThread(state);
    if (failed) {
        Py_DECREF(values);
        Py_DECREF(index);
        Py_RETURN_NONE;
    }
    return Py_BuildValue("(NN)", values, index);
}

/* put(g[p, n], index[p, n], plane): [p, plane], zeros to which each g was added where its index says */
static PyObject *put(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !is_plain(args[0]) || !is_plain(args[1]) || !PyLong_CheckExact(args[2]))
        Py_RETURN_NONE;
    PyArrayObject *g = (PyArrayObject *)args[0], *index = (PyArrayObject *)args[1];
    int type = PyArray_TYPE(g), failed = 0;
    npy_intp plane = PyLong_AsSsize_t(args[2]);
    if (plane < 0) {
        PyErr_Clear();
        Py_RETURN_NONE;
    }
    if ((type != NPY_FLOAT32 && type != NPY_FLOAT64) || PyArray_TYPE(index) != NPY_INT64 || PyArray_NDIM(g) != 2 ||
        !PyArray_SAMESHAPE(g, index) || !PyArray_IS_C_CONTIGUOUS(g) || !PyArray_IS_C_CONTIGUOUS(index))
        Py_RETURN_NONE;
    npy_intp shape[2] = {PyArray_DIM(g, 0), plane}, n = PyArray_DIM(g, 1);
    PyArrayObject *out = (PyArrayObject *)PyArray_SimpleNew(2, shape, type);
    if (!out)
        return NULL;
    Put of = {PyArray_DATA(g), PyArray_DATA(index), PyArray_DATA(out), n, plane, &failed};
    PyThreadState *state = shape[0] * (n + plane) > LONG ? PyEval_SaveThread() : NULL;
    shared(type == NPY_FLOAT32 ? put_float : put_double, &of, shape[0], n + plane < LONG ? LONG / (n + plane + 1) : 1);
    if (state)
        PyEval_RestoreThread(state);
    if (failed) {
        Py_DECREF(out);
        Py_RETURN_NONE;
    }
    return (PyObject *)out;
}
