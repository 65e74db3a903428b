/* What convolutions copy, shared by threads: images as columns and back, and arrays whose samples lie side by side, as
   convolution.py has them, bit for bit. */

typedef struct {
    void *images, *columns;   /* (samples, channels, height, width), and what is made of them or adds to them */
    npy_intp n, channels;
    npy_intp apart, beside;   /* numbers from one sample, one channel to the next */
    npy_intp size[2], kernel[2], places[2], stride[2], padding[2], dilation[2];
    int *failed;              /* there was no memory */
} Images;

/* Of the places of a row, or column, those whose number at `at` of the kernel is in the image; where the first one is. */
static npy_intp inside(const Images *of, int dim, npy_intp at, npy_intp *first, npy_intp *end)
{
    npy_intp ahead = of->padding[dim] - at * of->dilation[dim], step = of->stride[dim], places = of->places[dim];
    npy_intp least = ahead <= 0 ? 0 : (ahead - 1) / step + 1, rest = of->size[dim] + ahead;
    npy_intp most = rest <= 0 ? 0 : (rest - 1) / step + 1;
    *end = most < places ? most : places;
    *first = least < *end ? least : *end;
    return *first * step - ahead;
}

#define T float
#include "native_patches.h"
#undef T
#define T double
#include "native_patches.h"
#undef T

#define WORTH (1 << 13) /* numbers from which another thread is worth its waking */

static int shared_channels(const Images *of, int type, Part *of_float, Part *of_double, npy_intp each)
{
    int failed = 0;
    Images job = *of;
    job.failed = &failed;
    PyThreadState *state = job.channels * each > LONG ? PyEval_SaveThread() : NULL;
    shared(type == NPY_FLOAT32 ? of_float : of_double, &job, job.channels, each > WORTH ? 1 : SOME / (each ? each : 1));
    if (state)
        PyEval_RestoreThread(state);
    return failed;
}

/* Images of one or two dims, whose numbers lie side by side, or 0. */
static int are_images(PyObject *x, Images *of)
{
    PyArrayObject *a = (PyArrayObject *)x;
    if (!is_plain(x) || PyArray_NDIM(a) < 3 || PyArray_NDIM(a) > 4 || !PyArray_SIZE(a) ||
        (PyArray_TYPE(a) != NPY_FLOAT32 && PyArray_TYPE(a) != NPY_FLOAT64))
        return 0;
    int two = PyArray_NDIM(a) == 4;
    npy_intp item = PyArray_ITEMSIZE(a);
    of->images = PyArray_DATA(a);
    of->n = PyArray_DIM(a, 0), of->channels = PyArray_DIM(a, 1);
    of->apart = PyArray_STRIDE(a, 0) / item, of->beside = PyArray_STRIDE(a, 1) / item;
    of->size[0] = two ? PyArray_DIM(a, 2) : 1, of->size[1] = PyArray_DIM(a, 2 + two);
    return (of->size[1] == 1 || PyArray_STRIDE(a, 2 + two) == item) &&
           (of->size[0] == 1 || PyArray_STRIDE(a, 2) == item * of->size[1]);
}

/* As many numbers of the images' type, without gaps. */
static int are_columns(PyObject *x, PyObject *images, npy_intp count)
{
    return is_plain(x) && PyArray_IS_C_CONTIGUOUS((PyArrayObject *)x) && PyArray_SIZE((PyArrayObject *)x) == count &&
           PyArray_TYPE((PyArrayObject *)x) == PyArray_TYPE((PyArrayObject *)images);
}

/* A number for each dim of the images, the last ones of `to`; 0 where they are others or less than `least`. */
static int are_each(PyObject *given, npy_intp *to, npy_intp least, int dims, npy_intp alone)
{
    if (!PyTuple_CheckExact(given) || PyTuple_GET_SIZE(given) != dims)
        return 0;
    to[0] = alone;
    for (int d = 0; d < dims; d++) {
        PyObject *one = PyTuple_GET_ITEM(given, d);
        npy_intp value = PyLong_CheckExact(one) ? PyLong_AsSsize_t(one) : -1;
        if (value < least || value > NPY_MAX_INT32) {
            PyErr_Clear();
            return 0;
        }
        to[2 - dims + d] = value;
    }
    return 1;
}

/* args: images and columns in one order or the other, the kernel, the places, stride, padding and dilation. */
static int is_convolution(PyObject *const *args, Py_ssize_t count, int images, Images *of)
{
    if (count != 7 || !are_images(args[images], of))
        return 0;
    int dims = PyArray_NDIM((PyArrayObject *)args[images]) - 2;
    if (!are_each(args[2], of->kernel, 1, dims, 1) || !are_each(args[3], of->places, 1, dims, 1) ||
        !are_each(args[4], of->stride, 1, dims, 1) || !are_each(args[5], of->padding, 0, dims, 0) ||
        !are_each(args[6], of->dilation, 1, dims, 1))
        return 0;
    npy_intp total = of->n * of->channels; /* each factor is below 2**31: looked at one by one, none is too large */
    npy_intp factors[4] = {of->kernel[0], of->kernel[1], of->places[0], of->places[1]};
    for (int k = 0; k < 4; k++) {
        if (total > NPY_MAX_INTP / 16 / factors[k])
            return 0;
        total *= factors[k];
    }
    of->columns = PyArray_Check(args[1 - images]) ? PyArray_DATA((PyArrayObject *)args[1 - images]) : NULL;
    return are_columns(args[1 - images], args[images], total);
}

#define GIVE(x) (PyArray_CheckExact(x) && PyArray_ISWRITEABLE((PyArrayObject *)(x)))

/* patches(x[n, c, *size], columns[c, *kernel, *places, n], kernel, places, stride, padding, dilation): the columns */
static PyObject *patches(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Images of;
    if (!is_convolution(args, count, 0, &of) || !GIVE(args[1]))
        Py_RETURN_NONE;
    npy_intp each = PyArray_SIZE((PyArrayObject *)args[1]) / of.channels;
    if (shared_channels(&of, PyArray_TYPE((PyArrayObject *)args[0]), patches_float, patches_double, each))
        Py_RETURN_NONE;
    return Py_NewRef(args[1]);
}

/* added_patches(columns, x, kernel, places, stride, padding, dilation): x, each number the sum of where it is met */
static PyObject *added_patches(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Images of;
    if (!is_convolution(args, count, 1, &of) || !GIVE(args[1]))
        Py_RETURN_NONE;
    npy_intp each = PyArray_SIZE((PyArrayObject *)args[0]) / of.channels;
    if (shared_channels(&of, PyArray_TYPE((PyArrayObject *)args[1]), added_patches_float, added_patches_double, each))
        Py_RETURN_NONE;
    return Py_NewRef(args[1]);
}

static PyObject *turned_images(PyObject *const *args, Py_ssize_t count, int back)
{
    Images of;
    if (count != 2 || !are_images(args[back], &of) || !GIVE(args[1]) ||
        !are_columns(args[1 - back], args[back], PyArray_SIZE((PyArrayObject *)args[back])))
        Py_RETURN_NONE;
    of.columns = PyArray_DATA((PyArrayObject *)args[1 - back]);
    int type = PyArray_TYPE((PyArrayObject *)args[0]);
    npy_intp each = of.n * of.size[0] * of.size[1];
    shared_channels(&of, type, back ? turned_back_float : turned_float, back ? turned_back_double : turned_double, each);
    return Py_NewRef(args[1]);
}

/* samples_last(x[n, c, *size], out[c, *size, n]): out */
static PyObject *samples_last(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    return turned_images(args, count, 0);
}

/* samples_first(x[c, *size, n], out[n, c, *size]): out */
static PyObject *samples_first(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    return turned_images(args, count, 1);
}

#undef GIVE
#undef WORTH
