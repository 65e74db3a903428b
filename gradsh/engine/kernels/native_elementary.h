/* The elementary functions of a few float32 numbers, computed in double and rounded, as transcendental.py has them.
   Of many, native_many.h has some; of the others NumPy's vectors take less time. */

#define FEW 64
#define SOME (1 << 17)     /* arrays of more are made where memory is asked for */
#define EACH_FEW (1 << 12) /* elements of a part, of which each takes as long as an exponential */

typedef void Many(const float *, float *, npy_intp);

typedef struct {
    const float *from, *other;
    float *to;
    Many *many;
} Numbers;

static void many_part(const void *job, npy_intp start, npy_intp stop)
{
    const Numbers *of = job;
    of->many(of->from + start, of->to + start, stop - start);
}

/* Its result for arrays is `to`, where that is given: float32, C-contiguous, as many as x. */
static PyObject *filled(PyArrayObject *x, PyArrayObject *to, double (*f)(double), Many *many)
{
    npy_intp size = PyArray_SIZE(x);
    const float *from = (const float *)PyArray_DATA(x);
    float *made = (float *)PyArray_DATA(to);
    if (many && size >= LONG) {
        Numbers job = {from, NULL, made, many};
        PyThreadState *state = PyEval_SaveThread();
        shared(many_part, &job, size, EACH_FEW);
        PyEval_RestoreThread(state);
    }
    else if (many && size > FEW)
        many(from, made, size);
    else
        for (npy_intp k = 0; k < size; k++)
            made[k] = (float)f((double)from[k]);
    return (PyObject *)to;
}

static int is_single(PyObject *x)
{
    return is_plain(x) && PyArray_TYPE((PyArrayObject *)x) == NPY_FLOAT32 &&
           PyArray_IS_C_CONTIGUOUS((PyArrayObject *)x);
}

/* f(x) of a float32 or of a C-contiguous array of them, of no more than SOME, or than FEW where there is no `many`;
   f(x, out) of any number, where there is one. None for anything else. */
static PyObject *elementary(PyObject *const *args, Py_ssize_t count, double (*f)(double), Many *many)
{
    PyObject *x = count ? args[0] : Py_None, *out;
    if (count == 2) {
        if (!many || !is_single(x) || !is_single(args[1]) ||
            PyArray_SIZE((PyArrayObject *)x) != PyArray_SIZE((PyArrayObject *)args[1]))
            Py_RETURN_NONE;
        return filled((PyArrayObject *)x, (PyArrayObject *)Py_NewRef(args[1]), f, many);
    }
    if (PyArray_IsScalar(x, Float)) {
        out = PyArrayScalar_New(Float);
        if (out)
            PyArrayScalar_VAL(out, Float) = (float)f((double)PyArrayScalar_VAL(x, Float));
        return out;
    }
    if (count != 1 || !is_single(x) || PyArray_SIZE((PyArrayObject *)x) > (many ? SOME : FEW))
        Py_RETURN_NONE;
    out = PyArray_SimpleNew(PyArray_NDIM((PyArrayObject *)x), PyArray_DIMS((PyArrayObject *)x), NPY_FLOAT32);
    return out ? filled((PyArrayObject *)x, (PyArrayObject *)out, f, many) : NULL;
}

/* NumPy's names, C's, and what many are left to */
#define EACH(F)                                                                                                        \
    F(exp, exp, exp_many) F(exp2, exp2, NULL) F(expm1, expm1, NULL)                                                    \
    F(log, log, log_many) F(log1p, log1p, NULL) F(log2, log2, NULL) F(log10, log10, NULL)                              \
    F(sin, sin, NULL) F(cos, cos, NULL) F(tan, tan, NULL)                                                              \
    F(arcsin, asin, NULL) F(arccos, acos, NULL) F(arctan, atan, NULL)                                                  \
    F(sinh, sinh, NULL) F(cosh, cosh, NULL) F(tanh, tanh, tanh_many)                                                   \
    F(arcsinh, asinh, NULL) F(arccosh, acosh, NULL) F(arctanh, atanh, NULL)

#define FUNCTION_OF_ONE(name, f, many)                                                                                 \
    static PyObject *of_##name(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)                     \
    {                                                                                                                  \
        return elementary(args, count, f, many);                                                                       \
    }
#define ENTRY_OF_ONE(name, f, many) {#name, (PyCFunction)(void (*)(void))of_##name, METH_FASTCALL, NULL},

EACH(FUNCTION_OF_ONE)
#define ELEMENTARY EACH(ENTRY_OF_ONE)

/* Gradients from a function's result, of float32 arrays of one shape; None for anything else. */

CLONES static void tanh_slopes(const float *restrict g, const float *restrict y, float *restrict out, npy_intp n)
{
    for (npy_intp k = 0; k < n; k++)
        out[k] = g[k] * (float)(1.0 - (double)y[k] * y[k]);
}

CLONES static void sigmoid_slopes(const float *restrict g, const float *restrict y, float *restrict out, npy_intp n)
{
    for (npy_intp k = 0; k < n; k++)
        out[k] = g[k] * (1.0f - y[k]) * y[k];
}

#define SLOPES(name)                                                                                                   \
    static void name##_part(const void *job, npy_intp start, npy_intp stop)                                            \
    {                                                                                                                  \
        const Numbers *of = job;                                                                                       \
        name##_slopes(of->from + start, of->other + start, of->to + start, stop - start);                              \
    }                                                                                                                  \
    static PyObject *name##_backward(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)               \
    {                                                                                                                  \
        if (count != 2 || !is_single(args[0]) || !is_single(args[1]) ||                                                \
            !PyArray_SAMESHAPE((PyArrayObject *)args[0], (PyArrayObject *)args[1]))                                    \
            Py_RETURN_NONE;                                                                                            \
        PyArrayObject *g = (PyArrayObject *)args[0], *y = (PyArrayObject *)args[1];                                    \
        PyObject *out = PyArray_SimpleNew(PyArray_NDIM(g), PyArray_DIMS(g), NPY_FLOAT32);                              \
        if (out) {                                                                                                     \
            npy_intp size = PyArray_SIZE(g);                                                                           \
            PyThreadState *state = size >= LONG ? PyEval_SaveThread() : NULL;                                          \
            Numbers job = {PyArray_DATA(g), PyArray_DATA(y), PyArray_DATA((PyArrayObject *)out), NULL};                \
            shared(name##_part, &job, size, EACH_PART);                                                                    \
            if (state)                                                                                                 \
                PyEval_RestoreThread(state);                                                                           \
        }                                                                                                              \
        return out;                                                                                                    \
    }

SLOPES(tanh)
SLOPES(sigmoid)
