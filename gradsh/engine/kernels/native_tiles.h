/* Several elementwise operations on large arrays, one after the other on tiles that stay in the cache, by all threads: what
   tiles.py makes of the rules of a walk backwards, and chains.py of an expression. The loops are NumPy's own, and those
   of native_many.h. */

#define TILE (1 << 12)  /* bytes of an intermediate result */
#define MOST_SCRATCH 8
#define MOST_STEPS 64
#define MOST_SLOTS 256

static void tanh_backward_loop(char **args, npy_intp const *n, npy_intp const *Py_UNUSED(steps), void *Py_UNUSED(data))
{
    tanh_slopes((float *)args[0], (float *)args[1], (float *)args[2], *n);
}

#define OWN_LOOPS(T)                                                                                                   \
    CLONES static void sign_##T(char **args, npy_intp const *n, npy_intp const *Py_UNUSED(steps), void *Py_UNUSED(d))  \
    {                                                                                                                  \
        const T *x = (T *)args[0];                                                                                     \
        T *out = (T *)args[1];                                                                                         \
        for (npy_intp k = 0; k < *n; k++)                                                                              \
            out[k] = (T)(x[k] > 0) - (T)(x[k] < 0);                                                                    \
    }                                                                                                                  \
    CLONES static void over_##T(char **args, npy_intp const *n, npy_intp const *Py_UNUSED(steps), void *Py_UNUSED(d))  \
    {                                                                                                                  \
        const T *g = (T *)args[0], *x = (T *)args[1];                                                                  \
        T *out = (T *)args[2];                                                                                         \
        for (npy_intp k = 0; k < *n; k++)                                                                              \
            out[k] = x[k] <= 0 ? 0 : g[k];                                                                             \
    }

OWN_LOOPS(float)
OWN_LOOPS(double)

#define MANY_LOOP(name)                                                                                                \
    static void name##_loop(char **args, npy_intp const *n, npy_intp const *Py_UNUSED(steps), void *Py_UNUSED(data))   \
    {                                                                                                                  \
        name##_many((const float *)args[0], (float *)args[1], *n);                                                     \
    }

MANY_LOOP(exp)
MANY_LOOP(tanh)
MANY_LOOP(log)

/* Those of our own come behind NumPy's: their operands are arrays, none of which is their result. */
static const struct {
    const char *name;
    int operands;
    PyUFuncGenericFunction loops[2];
} OWN[] = {
    {"tanh_backward", 3, {tanh_backward_loop, NULL}},
    {"sign_of", 2, {sign_float, sign_double}},
    {"where_over_zero", 3, {over_float, over_double}},
    {"exp_of", 2, {exp_loop, NULL}},
    {"tanh_of", 2, {tanh_loop, NULL}},
    {"log_of", 2, {log_loop, NULL}},
};

#define OWN_COUNT (int)(sizeof OWN / sizeof *OWN)

typedef struct {
    PyUFuncGenericFunction loop;
    void *data;
    int operands, slots[3];
} TileStep;

typedef struct {
    npy_intp item;
    int steps, arrays, constants;
    TileStep step[MOST_STEPS];
    char *at[MOST_SLOTS]; /* arrays, then constants, which are not moved on */
} Tiles;

static void tiles_part(const void *job, npy_intp start, npy_intp stop)
{
    const Tiles *t = job;
    char scratch[MOST_SCRATCH][TILE], *args[3];
    npy_intp moved[3];
    for (npy_intp from = start, n = TILE / t->item; from < stop; from += n) {
        if (n > stop - from)
            n = stop - from;
        for (int s = 0; s < t->steps; s++) {
            const TileStep *step = &t->step[s];
            for (int i = 0; i < step->operands; i++) {
                int slot = step->slots[i], fixed = slot - t->arrays;
                moved[i] = fixed >= 0 && fixed < t->constants ? 0 : t->item;
                args[i] = fixed < 0 ? t->at[slot] + from * t->item
                          : fixed < t->constants ? t->at[slot] : scratch[fixed - t->constants];
            }
            step->loop(args, &n, moved, step->data);
        }
    }
}

/* tile_operations(): their names, whose places are the numbers in a program; "" for what gives truths. */
static PyObject *tile_operations(PyObject *Py_UNUSED(self), PyObject *const *Py_UNUSED(args), Py_ssize_t count)
{
    PyObject *names = count ? NULL : PyTuple_New(UFUNC_COUNT + OWN_COUNT);
    for (int u = 0; names && u < UFUNC_COUNT + OWN_COUNT; u++) {
        const char *name = u >= UFUNC_COUNT ? OWN[u - UFUNC_COUNT].name : UFUNCS[u].truth ? "" : UFUNCS[u].name;
        PyTuple_SET_ITEM(names, u, PyUnicode_FromString(name));
    }
    return names ? names : count ? (PyErr_BadArgument(), NULL) : NULL;
}

/* One step of the program, 4 numbers; whether it is one. */
static int is_step(const npy_int32 *given, Tiles *t, int wide, const int *writes, TileStep *step)
{
    int u = given[0], most = t->arrays + t->constants + MOST_SCRATCH;
    if (u < 0 || u >= UFUNC_COUNT + OWN_COUNT)
        return 0;
    if (u < UFUNC_COUNT) {
        const InnerLoop *loop = &UFUNCS[u].loops[wide];
        *step = (TileStep){*loop->alone, loop->data, UFUNCS[u].operands, {0}};
        if (!step->loop || UFUNCS[u].truth)
            return 0;
    }
    else {
        *step = (TileStep){OWN[u - UFUNC_COUNT].loops[wide], NULL, OWN[u - UFUNC_COUNT].operands, {0}};
        for (int i = 2; i <= step->operands; i++)
            if (given[i] == given[1] || (given[i] >= t->arrays && given[i] < t->arrays + t->constants))
                return 0;
        if (!step->loop)
            return 0;
    }
    for (int i = 0; i < step->operands; i++) {
        int slot = given[i < step->operands - 1 ? i + 2 : 1];
        if (slot < 0 || slot >= most)
            return 0;
        step->slots[i] = slot;
    }
    int to = given[1] - t->arrays;
    return to < 0 ? writes[given[1]] : to >= t->constants;
}

/* run_tiles(program, arrays, constants): fills in those of the arrays that a step writes to. The program is int32[n, 4]:
   operation, slot of the result, slots of the operands; slots are the arrays, the constants, then MOST_SCRATCH others.
   All are of float32 or all of float64, the arrays of one size and C-contiguous. ValueError for anything else. */
static PyObject *run_tiles(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Tiles t = {0};
    npy_intp size = 0;
    int writes[MOST_SLOTS] = {0}, type = -1;
    if (count != 3 || !is_plain(args[0]) || !PyTuple_CheckExact(args[1]) || !is_plain(args[2]))
        goto wrong;
    PyArrayObject *program = (PyArrayObject *)args[0], *constants = (PyArrayObject *)args[2];
    if (PyArray_TYPE(program) != NPY_INT32 || PyArray_NDIM(program) != 2 || PyArray_DIM(program, 1) != 4 ||
        PyArray_DIM(program, 0) > MOST_STEPS || !PyArray_IS_C_CONTIGUOUS(program) ||
        !PyArray_IS_C_CONTIGUOUS(constants) ||
        PyTuple_GET_SIZE(args[1]) + PyArray_SIZE(constants) > MOST_SLOTS)
        goto wrong;
    t.arrays = (int)PyTuple_GET_SIZE(args[1]), t.constants = (int)PyArray_SIZE(constants);
    t.steps = (int)PyArray_DIM(program, 0), t.item = PyArray_ITEMSIZE(constants), type = PyArray_TYPE(constants);
    if (type != NPY_FLOAT32 && type != NPY_FLOAT64)
        goto wrong;
    for (int a = 0; a < t.arrays; a++) {
        PyArrayObject *x = (PyArrayObject *)PyTuple_GET_ITEM(args[1], a);
        if (!is_plain((PyObject *)x) || PyArray_TYPE(x) != type || !PyArray_IS_C_CONTIGUOUS(x) ||
            (a && PyArray_SIZE(x) != size))
            goto wrong;
        size = PyArray_SIZE(x), t.at[a] = PyArray_DATA(x), writes[a] = PyArray_ISWRITEABLE(x);
    }
    for (int c = 0; c < t.constants; c++)
        t.at[t.arrays + c] = PyArray_BYTES(constants) + c * t.item;
    for (int s = 0; s < t.steps; s++)
        if (!is_step((npy_int32 *)PyArray_DATA(program) + 4 * s, &t, type == NPY_FLOAT64, writes, &t.step[s]))
            goto wrong;
    PyThreadState *state = PyEval_SaveThread();
    shared(tiles_part, &t, size, EACH_PART);
    PyEval_RestoreThread(state);
    Py_RETURN_NONE;
wrong:
    PyErr_SetString(PyExc_ValueError, "no program of tiles");
    return NULL;
}

/* where_over_zero(g, x): g where x is not 0 or less, else 0; both C-contiguous, of one shape and dtype */
static PyObject *where_over_zero(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    if (count != 2 || !is_plain(args[0]) || !is_plain(args[1]))
        Py_RETURN_NONE;
    PyArrayObject *g = (PyArrayObject *)args[0], *x = (PyArrayObject *)args[1], *out;
    int type = PyArray_TYPE(g);
    if ((type != NPY_FLOAT32 && type != NPY_FLOAT64) || PyArray_TYPE(x) != type || !PyArray_SAMESHAPE(g, x) ||
        !PyArray_IS_C_CONTIGUOUS(g) || !PyArray_IS_C_CONTIGUOUS(x))
        Py_RETURN_NONE;
    out = (PyArrayObject *)PyArray_SimpleNew(PyArray_NDIM(g), PyArray_DIMS(g), type);
    if (!out)
        return NULL;
    char *at[3] = {PyArray_BYTES(g), PyArray_BYTES(x), PyArray_BYTES(out)};
    npy_intp item = PyArray_ITEMSIZE(g), n = PyArray_SIZE(g), steps[3] = {item, item, item};
    PyThreadState *state = n > LONG ? PyEval_SaveThread() : NULL;
    spread(type == NPY_FLOAT32 ? over_float : over_double, at, &n, steps, NULL, 3);
    if (state)
        PyEval_RestoreThread(state);
    return (PyObject *)out;
}
