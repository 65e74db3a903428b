/* Sums, softmax and what normalisation adds up in PyTorch's order, in one pass, elementary functions, the steps of an
   LSTM and of optimisers: what summation.py, softmax.py, normalizing.py, transcendental.py, ops/nn/recurrent.py and optim/
   compute with NumPy, bit for bit; and the machine that runs the plans of loops (native_machine.h).

   gradsh works without it (`gradsh.engine.kernels.compiled` says when it is used). To be compiled without contraction of
   a * b + c, and without anything else that changes a rounding. */

#define PY_SSIZE_T_CLEAN
#define NPY_NO_DEPRECATED_API NPY_2_0_API_VERSION
#define NPY_TARGET_VERSION NPY_2_0_API_VERSION
#include <Python.h>
#include <numpy/arrayobject.h>
#include <numpy/arrayscalars.h>
#include <numpy/ufuncobject.h>
#include <math.h>
#include <string.h>

/* Functions that are compiled for processors with wider vectors too, with all that is INLINE in them; which one runs,
   the loader decides. */
#define INLINE static inline __attribute__((always_inline))
#if !defined(__clang__) && defined(__gnu_linux__) && defined(__x86_64__) && __GNUC__ > 11
#define CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#elif !defined(__clang__) && defined(__gnu_linux__) && defined(__x86_64__)
#define CLONES __attribute__((target_clones("avx2", "default")))
#else
#define CLONES
#endif

/* Whether the processor multiplies and adds at once, so that fmaf is no call. */
static int FUSES;

/* The power of 2 that blocks of a sum of n rows have. */
static npy_intp height(npy_intp n)
{
    npy_intp bits = 0;
    for (npy_intp rest = n - 1; rest > 0; rest >>= 1)
        bits++;
    return bits / 4 > 4 ? bits / 4 : 4;
}

typedef struct {
    npy_intp size, in, out; /* strides in bytes; out is 0 where the dim is reduced */
} Dim;

typedef enum { BLOCKS, IN_TURN, SQUARES } Order;

#define T float
#define LANES 8
#define FUSED(a, b, c) ((float)((double)(a) * (b) + (c)))
#include "native_sums.h"
#undef T
#undef LANES
#undef FUSED
#define T double
#define LANES 4
#define FUSED(a, b, c) fma(a, b, c)
#include "native_sums.h"
#undef T
#undef LANES
#undef FUSED

/* --- how an array is walked ------------------------------------------------------------------------------------- */

/* 1 where dim a goes behind dim b, which lies further out, -1 where it stays before it, 0 where nothing tells. */
static int behind(const Dim *a, const Dim *b)
{
    if (!a->out != !b->out)
        return b->out ? -1 : 1;
    if (a->out)
        return a->out > b->out ? 1 : -1;
    if (!a->in || !b->in)
        return 0;
    if (a->in != b->in)
        return a->in < b->in ? -1 : 1;
    return a->size > b->size;
}

/* The dims as PyTorch walks them (`TensorIteratorBase::reorder_dimensions`), those that follow each other as one. */
static int walked(Dim *dims, int count)
{
    int kept = 0;
    for (int i = 1; i < count; i++) {
        int at = i;
        for (int before = i - 1; before >= 0; before--) {
            int swap = behind(&dims[before], &dims[at]);
            if (swap > 0) {
                Dim moved = dims[before];
                dims[before] = dims[at], dims[at] = moved;
                at = before;
            }
            else if (swap < 0)
                break;
        }
    }
    for (int i = 1; i < count; i++) {
        Dim *last = &dims[kept], *next = &dims[i];
        if (last->size * last->in == next->in && last->size * last->out == next->out && !last->out == !next->out)
            last->size *= next->size;
        else
            dims[++kept] = *next;
    }
    return count ? kept + 1 : 0;
}

/* Which dims `axis` means, as bits; -1 for what is none of its forms. */
static npy_int64 reduced_dims(PyObject *axis, int ndim)
{
    npy_int64 found = 0;
    if (axis == Py_None)
        return ((npy_int64)1 << ndim) - 1;
    if (PyLong_CheckExact(axis)) {
        long d = PyLong_AsLong(axis);
        return d >= 0 && d < ndim ? (npy_int64)1 << d : -1;
    }
    if (!PyTuple_CheckExact(axis))
        return -1;
    for (Py_ssize_t k = 0; k < PyTuple_GET_SIZE(axis); k++) {
        PyObject *item = PyTuple_GET_ITEM(axis, k);
        npy_int64 one = PyTuple_CheckExact(item) ? -1 : reduced_dims(item, ndim);
        if (one < 0)
            return -1;
        found |= one;
    }
    return found;
}

static int is_plain(PyObject *x)
{
    return PyArray_CheckExact(x) && PyArray_ISBEHAVED_RO((PyArrayObject *)x);
}

/* How x is walked for its sum along these axes into memory without gaps: how many dims there are, the two innermost
   first. *side_by_side: whether squares are added in PyTorch's own loop for norms along a last dim. */
static int walk_of_sum(PyArrayObject *x, npy_int64 axes, Order order, Dim *dims, int *side_by_side)
{
    npy_intp item = PyArray_ITEMSIZE(x), place = item;
    int walks = 0, groups;
    for (int d = PyArray_NDIM(x) - 1; d >= 0; d--) {
        npy_intp size = PyArray_DIM(x, d);
        int gone = axes >> d & 1;
        if (size != 1)
            dims[walks++] = (Dim){size, PyArray_STRIDE(x, d), gone ? 0 : place};
        if (!gone)
            place *= size;
    }
    groups = walked(dims, walks);
    *side_by_side = order == SQUARES && groups && !dims[0].out && dims[0].in == item;
    for (int g = 1; g < groups; g++)
        *side_by_side &= dims[g].out != 0;
    if (!groups || dims[0].out) { /* nothing to be added */
        memmove(&dims[1], dims, groups * sizeof(Dim));
        dims[0] = (Dim){1, 0, 0};
        groups++;
    }
    if (groups == 1)
        dims[groups++] = (Dim){1, 0, 0};
    return groups;
}

/* The sums, added to what is at `to`. */
static void run_sum(const Dim *dims, int groups, int type, const char *from, char *to, Order order, int side_by_side)
{
    npy_intp at[NPY_MAXDIMS + 2] = {0};
    for (;;) {
        if (type == NPY_FLOAT32)
            loops_float(from, dims[0], dims[1], to, order, side_by_side);
        else
            loops_double(from, dims[0], dims[1], to, order, side_by_side);
        int g = 2;
        for (; g < groups; g++) {
            from += dims[g].in, to += dims[g].out;
            if (++at[g] < dims[g].size)
                break;
            from -= dims[g].in * dims[g].size, to -= dims[g].out * dims[g].size;
            at[g] = 0;
        }
        if (g == groups)
            return;
    }
}

/* f(x, axis, keepdims): a sum of a float32 or float64 array along its dims; None for any other argument. */
static PyObject *added(PyObject *const *args, Py_ssize_t count, Order order)
{
    if (count != 3 || !is_plain(args[0]))
        Py_RETURN_NONE;
    PyArrayObject *x = (PyArrayObject *)args[0], *out;
    int ndim = PyArray_NDIM(x), type = PyArray_TYPE(x), kept = 0, side_by_side;
    npy_int64 axes = reduced_dims(args[1], ndim);
    if ((type != NPY_FLOAT32 && type != NPY_FLOAT64) || axes < 0)
        Py_RETURN_NONE;
    npy_intp shape[NPY_MAXDIMS];
    Dim dims[NPY_MAXDIMS + 2];
    for (int d = 0; d < ndim; d++) {
        int gone = axes >> d & 1;
        if (!gone || args[2] == Py_True)
            shape[kept++] = gone ? 1 : PyArray_DIM(x, d);
    }
    out = (PyArrayObject *)PyArray_ZEROS(kept, shape, type, 0);
    if (!out)
        return NULL;
    if (!PyArray_SIZE(x))
        return PyArray_Return(out);
    int groups = walk_of_sum(x, axes, order, dims, &side_by_side);
    run_sum(dims, groups, type, PyArray_BYTES(x), PyArray_BYTES(out), order, side_by_side);
    return PyArray_Return(out);
}

#define SUM(name, order)                                                                                               \
    static PyObject *name(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)                          \
    {                                                                                                                  \
        return added(args, count, order);                                                                              \
    }

SUM(summed, BLOCKS)
SUM(in_turn, IN_TURN)
SUM(squares, SQUARES)

#include "native_threads.h"
#include "native_softmax.h"
#include "native_many.h"
#include "native_elementary.h"
#include "native_tiles.h"
#include "native_recurrent.h"
#include "native_normalizing.h"
#include "native_optim.h"
#include "native_machine.h"
#include "native_rows.h"
#include "native_convolution.h"
#include "native_pooling.h"

#define ENTRY(name) {#name, (PyCFunction)(void (*)(void))name, METH_FASTCALL, NULL}

static PyMethodDef functions[] = {
    ENTRY(summed),
    ENTRY(in_turn),
    ENTRY(squares),
    ENTRY(softmax),
    ENTRY(log_softmax),
    ENTRY(softmax_backward),
    ENTRY(log_softmax_backward),
    ENTRY(tanh_backward),
    ENTRY(sigmoid_backward),
    ENTRY(lstm_run),
    ENTRY(lstm_back),
    ENTRY(moments),
    ENTRY(row_sums),
    ENTRY(column_dots),
    ENTRY(layer_rows),
    ENTRY(layer_back),
    ENTRY(channel_moments),
    ENTRY(batch_shift),
    ENTRY(batch_back),
    ENTRY(sgd),
    ENTRY(momentum),
    ENTRY(adam),
    ENTRY(find_blas),
    ENTRY(program),
    ENTRY(add_map),
    ENTRY(add_copy),
    ENTRY(add_part),
    ENTRY(add_pick),
    ENTRY(add_sum),
    ENTRY(add_reduce),
    ENTRY(add_dot),
    ENTRY(add_number),
    ENTRY(add_decide),
    ENTRY(add_out),
    ENTRY(add_call),
    ENTRY(add_function),
    ENTRY(same_bits),
    ENTRY(done),
    ENTRY(run),
    ENTRY(threads),
    ENTRY(share_loops),
    ENTRY(run_tiles),
    ENTRY(tile_operations),
    ENTRY(where_over_zero),
    ENTRY(added_rows),
    ENTRY(patches),
    ENTRY(added_patches),
    ENTRY(samples_last),
    ENTRY(samples_first),
    ENTRY(windows),
    ENTRY(put),
    ELEMENTARY
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {PyModuleDef_HEAD_INIT, "native", NULL, -1, functions, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit_native(void)
{
    import_array();
#if defined(__FP_FAST_FMAF)
    FUSES = 1;
#elif defined(__GNUC__) && defined(__x86_64__)
    FUSES = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
#endif
    import_umath();
    PyObject *made = PyModule_Create(&module), *fused = made ? fused_of_numpys_kind() : NULL;
    if (made && (!fused || PyModule_AddObjectRef(made, "fused", fused) < 0))
        Py_CLEAR(made);
    Py_XDECREF(fused);
    return made;
}
