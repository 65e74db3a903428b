/* An LSTM's steps over a sequence of float32, as recurrent.py has them, bit for bit. The products are NumPy's own. */

/* One step of one sequence: x are the products with the inputs and sums those with the state, which are lost. */
CLONES static void lstm_row(float *sums, const float *bias, const float *x, const float *cell, float *kept, float *out,
                            npy_intp size)
{
    float *g = kept + 2 * size, *o = kept + 3 * size, *squashed = kept + 4 * size, *made = kept + 5 * size;
    for (npy_intp k = 0; bias && k < 4 * size; k++)
        sums[k] += bias[k];
    for (npy_intp k = 0; k < 4 * size; k++) {
        sums[k] += x[k];
        kept[k] = -sums[k];
    }
    exp_many(kept, kept, 2 * size);
    exp_many(o, o, size);
    for (npy_intp k = 0; k < 4 * size; k++)
        kept[k] = 1.0f / (kept[k] + 1.0f);
    tanh_many(sums + 2 * size, g, size);
    for (npy_intp k = 0; k < size; k++)
        made[k] = kept[k] * g[k] + kept[size + k] * cell[k];
    tanh_many(made, squashed, size);
    for (npy_intp k = 0; k < size; k++)
        out[k] = o[k] * squashed[k];
}

/* Its gradients: of the products from those of the state; that of the cell becomes that of the cell before. */
CLONES static void lstm_row_back(const float *restrict gh, float *restrict gc, const float *restrict kept,
                                 const float *restrict before, float *restrict made, npy_intp size)
{
    for (npy_intp k = 0; k < size; k++) {
        float i = kept[k], f = kept[size + k], g = kept[2 * size + k], o = kept[3 * size + k], s = kept[4 * size + k];
        float c = gh[k] * ((1.0f - s * s) * o) + gc[k];
        made[k] = c * ((1.0f - i) * i * g);
        made[size + k] = c * ((1.0f - f) * f * before[k]);
        made[2 * size + k] = c * ((1.0f - g * g) * i);
        made[3 * size + k] = gh[k] * ((1.0f - o) * o * s);
        gc[k] = c * f;
    }
}

#define ARRAY(x) ((PyArrayObject *)(x))
#define FLOATS(x) ((float *)PyArray_DATA(ARRAY(x)))

/* Whether they are C-contiguous float32 arrays of `ndim` dims. */
static int are_single(PyObject *const *args, Py_ssize_t count, int ndim)
{
    for (Py_ssize_t k = 0; k < count; k++)
        if (!is_single(args[k]) || PyArray_NDIM(ARRAY(args[k])) != ndim)
            return 0;
    return 1;
}

/* Rows that lie from there, as an array that owns nothing. */
static PyObject *rows_at(float *data, npy_intp rows, npy_intp width)
{
    npy_intp shape[2] = {rows, width};
    return PyArray_SimpleNewFromData(2, shape, NPY_FLOAT32, data);
}

/* out = a @ b, -1 and an exception where that fails. */
static int product(PyObject *a, PyObject *b, PyObject *out)
{
    PyObject *made = a && b && out ? PyArray_MatrixProduct2(a, b, ARRAY(out)) : NULL;
    Py_XDECREF(made);
    return made ? 0 : -1;
}

/* lstm_run(inputs, state, cell, outputs, kept, turned, bias, projected, backwards): see recurrent.py; the last cell. */
static PyObject *lstm_run(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 9 || !are_single(args, 1, 3) || !PyArray_SIZE(ARRAY(args[0])) || !are_single(args + 1, 2, 2) || !are_single(args + 3, 2, 3) ||
        !is_plain(args[5]) || (args[6] != Py_None && !are_single(args + 6, 1, 1)))
        Py_RETURN_NONE;
    npy_intp steps = PyArray_DIM(ARRAY(args[0]), 0), batch = PyArray_DIM(ARRAY(args[0]), 1);
    npy_intp size = PyArray_DIM(ARRAY(args[2]), 1), width = PyArray_DIM(ARRAY(args[1]), 1);
    const float *bias = args[6] == Py_None ? NULL : FLOATS(args[6]), *cell = FLOATS(args[2]);
    float *outputs = FLOATS(args[3]), *kept = FLOATS(args[4]);
    int failed = 0, projects = args[7] != Py_None;
    npy_intp shape[2] = {batch, 4 * size}, small[2] = {batch, size};
    PyObject *sums = PyArray_SimpleNew(2, shape, NPY_FLOAT32), *last = PyArray_SimpleNew(2, small, NPY_FLOAT32);
    PyObject *wide = projects ? PyArray_SimpleNew(2, small, NPY_FLOAT32) : NULL, *state = Py_NewRef(args[1]);
    failed = !sums || !last || (projects && !wide);
    for (npy_intp k = 0; k < steps && !failed; k++) {
        npy_intp at = args[8] == Py_True ? steps - 1 - k : k;
        PyObject *out = rows_at(outputs + at * batch * width, batch, width);
        float *to = projects ? FLOATS(wide) : outputs + at * batch * width;
        failed = !out || product(state, args[5], sums);
        for (npy_intp b = 0; b < batch && !failed; b++) {
            float *row = kept + (at * batch + b) * 6 * size;
            const float *before = k ? cell + b * 6 * size : cell + b * size;
            lstm_row(FLOATS(sums) + b * 4 * size, bias, FLOATS(args[0]) + (at * batch + b) * 4 * size, before, row,
                     to + b * size, size);
            if (k == steps - 1)
                memcpy(FLOATS(last) + b * size, row + 5 * size, size * sizeof(float));
        }
        cell = kept + at * batch * 6 * size + 5 * size;
        failed = failed || (projects && product(wide, args[7], out));
        Py_SETREF(state, out ? out : Py_NewRef(Py_None));
    }
    Py_DECREF(state);
    Py_XDECREF(sums);
    Py_XDECREF(wide);
    if (failed)
        Py_CLEAR(last);
    return last;
}

/* lstm_back(g, by_cell, kept, by_projected, by_products, cell, weight, projection, backwards): see recurrent.py; the
   gradients of the first state and cell. */
static PyObject *lstm_back(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 9 || !are_single(args + 1, 1, 2) || !are_single(args + 2, 3, 3) || !PyArray_SIZE(ARRAY(args[2])) || !are_single(args + 5, 1, 2) || !is_plain(args[6]) ||
        (args[0] != Py_None && !are_single(args, 1, 3)))
        Py_RETURN_NONE;
    npy_intp steps = PyArray_DIM(ARRAY(args[2]), 0), batch = PyArray_DIM(ARRAY(args[2]), 1);
    npy_intp size = PyArray_DIM(ARRAY(args[5]), 1), width = PyArray_DIM(ARRAY(args[3]), 2), all = batch * width;
    const float *given = args[0] == Py_None ? NULL : FLOATS(args[0]), *kept = FLOATS(args[2]);
    int failed = 0, projects = args[7] != Py_None;
    npy_intp shape[2] = {batch, width}, small[2] = {batch, size};
    PyObject *by_state = PyArray_ZEROS(2, shape, NPY_FLOAT32, 0), *by_cell = PyArray_NewCopy(ARRAY(args[1]), NPY_CORDER);
    PyObject *wide = projects ? PyArray_SimpleNew(2, small, NPY_FLOAT32) : NULL;
    failed = !by_state || !by_cell || (projects && !wide);
    for (npy_intp k = steps - 1; k >= 0 && !failed; k--) {
        npy_intp at = args[8] == Py_True ? steps - 1 - k : k, from = args[8] == Py_True ? at + 1 : at - 1;
        float *gh = FLOATS(args[3]) + at * all, *made = FLOATS(args[4]) + at * batch * 4 * size;
        PyObject *rows = rows_at(made, batch, 4 * size), *total = rows_at(gh, batch, width);
        for (npy_intp j = 0; j < all; j++)
            gh[j] = FLOATS(by_state)[j] + (given ? given[at * all + j] : 0.0f);
        failed = !rows || !total || (projects && product(total, args[7], wide));
        for (npy_intp b = 0; b < batch && !failed; b++) {
            const float *before = k ? kept + (from * batch + b) * 6 * size + 5 * size : FLOATS(args[5]) + b * size;
            lstm_row_back(projects ? FLOATS(wide) + b * size : gh + b * size, FLOATS(by_cell) + b * size,
                          kept + (at * batch + b) * 6 * size, before, made + b * 4 * size, size);
        }
        failed = failed || product(rows, args[6], by_state);
        for (npy_intp j = 0; j < all && !failed; j++)
            FLOATS(by_state)[j] += 0.0f; /* of -0 it makes 0, as the sum that it stands for */
        Py_XDECREF(rows);
        Py_XDECREF(total);
    }
    Py_XDECREF(wide);
    if (failed) {
        Py_XDECREF(by_state);
        Py_XDECREF(by_cell);
        return NULL;
    }
    return Py_BuildValue("(NN)", by_state, by_cell);
}
