/* The elementary functions of a few float32 numbers, computed in double and rounded, as transcendental.py has them.
   Of many, NumPy's vectors take less time. */

#define FEW 64

/* f(x) of a float32 or of an array of no more than FEW of them; None for anything else. */
static PyObject *elementary(PyObject *x, double (*f)(double))
{
    if (PyArray_IsScalar(x, Float)) {
        PyObject *out = PyArrayScalar_New(Float);
        if (out)
            PyArrayScalar_VAL(out, Float) = (float)f((double)PyArrayScalar_VAL(x, Float));
        return out;
    }
    if (!is_plain(x) || PyArray_TYPE((PyArrayObject *)x) != NPY_FLOAT32 ||
        !PyArray_IS_C_CONTIGUOUS((PyArrayObject *)x) || PyArray_SIZE((PyArrayObject *)x) > FEW)
        Py_RETURN_NONE;
    PyArrayObject *given = (PyArrayObject *)x, *out;
    out = (PyArrayObject *)PyArray_SimpleNew(PyArray_NDIM(given), PyArray_DIMS(given), NPY_FLOAT32);
    if (!out)
        return NULL;
    const float *from = (const float *)PyArray_DATA(given);
    float *to = (float *)PyArray_DATA(out);
    for (npy_intp k = 0; k < PyArray_SIZE(given); k++)
        to[k] = (float)f((double)from[k]);
    return (PyObject *)out;
}

/* NumPy's names, and C's */
#define EACH(F)                                                                                                        \
    F(exp, exp) F(exp2, exp2) F(expm1, expm1) F(log, log) F(log1p, log1p) F(log2, log2) F(log10, log10)                \
    F(sin, sin) F(cos, cos) F(tan, tan) F(arcsin, asin) F(arccos, acos) F(arctan, atan)                                \
    F(sinh, sinh) F(cosh, cosh) F(tanh, tanh) F(arcsinh, asinh) F(arccosh, acosh) F(arctanh, atanh)

#define FUNCTION_OF_ONE(name, f)                                                                                       \
    static PyObject *of_##name(PyObject *Py_UNUSED(self), PyObject *x)                                                 \
    {                                                                                                                  \
        return elementary(x, f);                                                                                       \
    }
#define ENTRY_OF_ONE(name, f) {#name, of_##name, METH_O, NULL},

EACH(FUNCTION_OF_ONE)
#define ELEMENTARY EACH(ENTRY_OF_ONE)
