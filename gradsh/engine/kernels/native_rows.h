/* Rows added to the rows of a table whose numbers an index has, one after the other, as PyTorch and NumPy's `add.at` do. */

#define ADD_ROWS(T)                                                                                                    \
    CLONES static void add_rows_##T(T *restrict table, const npy_int64 *at, const T *restrict g, npy_intp n,           \
                                    npy_intp wide)                                                                     \
    {                                                                                                                  \
        for (npy_intp i = 0; i < n; i++, g += wide)                                                                    \
            for (npy_intp j = 0; j < wide; j++)                                                                        \
                table[at[i] * wide + j] += g[j];                                                                       \
    }

ADD_ROWS(float)
ADD_ROWS(double)

/* added_rows(g, index, table): the table, C-contiguous and of g's dtype, to which g[i] was added at index[i]; a number of
   rows means a table of zeros. None, and nothing added, for other arrays and for an index that is not in it. */
static PyObject *added_rows(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 3 || !is_plain(args[0]) || !is_plain(args[1]))
        Py_RETURN_NONE;
    PyArrayObject *g = (PyArrayObject *)args[0], *index = (PyArrayObject *)args[1];
    if (PyLong_Check(args[2]) && PyArray_NDIM(g)) {
        npy_intp shape[NPY_MAXDIMS];
        memcpy(shape, PyArray_DIMS(g), PyArray_NDIM(g) * sizeof *shape);
        shape[0] = PyLong_AsLong(args[2]);
        PyObject *made = PyArray_ZEROS(PyArray_NDIM(g), shape, PyArray_TYPE(g), 0), *out;
        PyObject *given[] = {args[0], args[1], made};
        out = made ? added_rows(NULL, given, 3) : NULL;
        Py_XDECREF(made);
        return out;
    }
    if (!is_plain(args[2]))
        Py_RETURN_NONE;
    PyArrayObject *table = (PyArrayObject *)args[2];
    int type = PyArray_TYPE(g);
    if ((type != NPY_FLOAT32 && type != NPY_FLOAT64) || PyArray_TYPE(table) != type ||
        PyArray_TYPE(index) != NPY_INT64 || PyArray_NDIM(index) != 1 || PyArray_NDIM(table) < 1 ||
        PyArray_NDIM(g) != PyArray_NDIM(table) || PyArray_DIM(g, 0) != PyArray_DIM(index, 0) ||
        !PyArray_IS_C_CONTIGUOUS(g) || !PyArray_IS_C_CONTIGUOUS(index) || !PyArray_ISCARRAY(table))
        Py_RETURN_NONE;
    npy_intp n = PyArray_DIM(g, 0), rows = PyArray_DIM(table, 0), wide = 1;
    for (int d = 1; d < PyArray_NDIM(g); d++) {
        if (PyArray_DIM(g, d) != PyArray_DIM(table, d))
            Py_RETURN_NONE;
        wide *= PyArray_DIM(g, d);
    }
    const npy_int64 *at = PyArray_DATA(index);
    for (npy_intp i = 0; i < n; i++)
        if (at[i] < 0 || at[i] >= rows)
            Py_RETURN_NONE;
    PyThreadState *state = n * wide > LONG ? PyEval_SaveThread() : NULL;
    if (type == NPY_FLOAT32)
        add_rows_float(PyArray_DATA(table), at, PyArray_DATA(g), n, wide);
    else
        add_rows_double(PyArray_DATA(table), at, PyArray_DATA(g), n, wide);
    if (state)
        PyEval_RestoreThread(state);
    return Py_NewRef(args[2]);
}
