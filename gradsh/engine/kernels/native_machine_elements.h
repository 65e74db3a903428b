/* The machine's instructions that compute element by element: ufuncs, copies, parts that lie elsewhere each time. */

/* Such a number is in a 0-d array of float64, int64 or bool. An int that does not fit ends the run before the iteration. */
static PyObject *pythons_number(PyArrayObject *x)
{
    const void *at = PyArray_DATA(x);
    switch (PyArray_TYPE(x)) {
    case NPY_FLOAT64: return PyFloat_FromDouble(*(const double *)at);
    case NPY_INT64: return PyLong_FromLongLong(*(const npy_int64 *)at);
    default: return PyBool_FromLong(*(const npy_bool *)at);
    }
}

static int is_number(PyObject *x)
{
    if (!is_plain(x) || PyArray_NDIM((PyArrayObject *)x))
        return 0;
    int type = PyArray_TYPE((PyArrayObject *)x);
    return type == NPY_FLOAT64 || type == NPY_INT64 || type == NPY_BOOL;
}


/* Rows of two operands, of which one may be the same in all rows, or the same number in one of them: as FLOAT_ADD …
   DOUBLE_DIVIDE, in the order of Kind. An inner loop of NumPy's for each row of ten numbers takes three times as long. */
#define ROW_LOOP(FIRST, SECOND, sign)                                                                                  \
    for (npy_intp r = 0; r < around->size; r++, a += around->stride[0], b += around->stride[1], c += around->stride[2])     \
        _Pragma("GCC ivdep") for (npy_intp k = 0; k < n; k++)((Number *)c)[k] =                                        \
            ((const Number *)a)[FIRST] sign((const Number *)b)[SECOND];
#define ROWS_OF_TWO(name, T, sign)                                                                                     \
    CLONES static void name(char *const *at, npy_intp n, const Around *around)                                         \
    {                                                                                                                  \
        typedef T Number;                                                                                              \
        const char *a = at[0], *b = at[1];                                                                             \
        char *c = at[2];                                                                                               \
        switch ((around[1].stride[0] != 0) + 2 * (around[1].stride[1] != 0)) {                                         \
        case 1: ROW_LOOP(k, 0, sign) break;                                                                            \
        case 2: ROW_LOOP(0, k, sign) break;                                                                            \
        case 3: ROW_LOOP(k, k, sign) break;                                                                            \
        }                                                                                                              \
    }

ROWS_OF_TWO(float_add_rows, float, +)
ROWS_OF_TWO(float_subtract_rows, float, -)
ROWS_OF_TWO(float_multiply_rows, float, *)
ROWS_OF_TWO(float_divide_rows, float, /)
ROWS_OF_TWO(double_add_rows, double, +)
ROWS_OF_TWO(double_subtract_rows, double, -)
ROWS_OF_TWO(double_multiply_rows, double, *)
ROWS_OF_TWO(double_divide_rows, double, /)

static void (*const ROWS_OF[])(char *const *, npy_intp, const Around *) = {
    float_add_rows,  float_subtract_rows,  float_multiply_rows,  float_divide_rows,
    double_add_rows, double_subtract_rows, double_multiply_rows, double_divide_rows,
};

/* Make a LOOPS of one dim around numbers that lie side by side a ROWS; 0, or -1 with an exception. */
static int as_rows(Instruction *made, long arithmetic, int type, npy_intp item)
{
    if (arithmetic < 0 || arithmetic > 3 || made->around != 1 || made->stride[2] != item ||
        (made->stride[0] && made->stride[0] != item) || (made->stride[1] && made->stride[1] != item) ||
        (!made->stride[0] && !made->stride[1]) || (type != NPY_FLOAT32 && type != NPY_FLOAT64))
        return 0;
    Around *both = PyMem_Realloc(made->of.dims, 2 * sizeof *both); /* the rows, and the numbers in them */
    if (!both) {
        PyErr_NoMemory();
        return -1;
    }
    both[1].size = made->size;
    memcpy(both[1].stride, made->stride, sizeof made->stride);
    made->of.dims = both;
    made->kind = ROWS;
    made->stride[3] = arithmetic + (type == NPY_FLOAT64 ? 4 : 0);
    return 0;
}

/* add_map(program, ufunc, exact, arithmetic, x, its owner, …, out, its owner): whether the ufunc has been added. All
   have the dtypes of one of its loops. `exact`: an element's bits do not depend on those beside it; `arithmetic`: which
   of FLOAT_ADD … FLOAT_NEGATIVE it is on one number, or -1. */
static PyObject *add_map(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 6);
    PyArrayObject *x[OPERANDS];
    Instruction *made;
    if (!program || !(made = next_of(program)))
        return NULL;
    if (!PyObject_TypeCheck(args[1], &PyUFunc_Type)) {
        PyErr_SetString(PyExc_TypeError, "no ufunc");
        return NULL;
    }
    PyUFuncObject *ufunc = (PyUFuncObject *)args[1];
    int arity = (int)(count - 4) / 2, exact = args[2] == Py_True, fits;
    long arithmetic = PyLong_AsLong(args[3]);
    if (arity != ufunc->nargs || arity > OPERANDS || ufunc->nout != 1 || ufunc->core_enabled)
        Py_RETURN_FALSE;
    if ((fits = operands(program, args + 4, arity, x)) < 1)
        return added_to(program, fits);
    made->loop = loop_of(ufunc, x, &made->data);
    if (!made->loop || overlap(x, arity))
        Py_RETURN_FALSE;
    made->kind = ONE_LOOP;
    if (!at_once(made, x, arity)) {
        if (!exact)
            Py_RETURN_FALSE;
        if ((fits = dim_by_dim(made, x, arity)) < 1)
            return added_to(program, fits);
        made->kind = made->around ? LOOPS : ONE_LOOP;
        if (arity == 3 && as_rows(made, arithmetic, PyArray_TYPE(x[2]), PyArray_ITEMSIZE(x[2])) < 0)
            return NULL;
    }
    else if (made->size == 1 && arithmetic >= 0) {
        int type = PyArray_TYPE(x[0]);
        if (type == NPY_FLOAT32 || type == NPY_FLOAT64)
            made->kind = (Kind)arithmetic + (type == NPY_FLOAT64 ? DOUBLE_ADD : FLOAT_ADD);
    }
    return added_to(program, 1);
}

/* Inner loops that copy from one type to another. */
#define COPIED(name, FROM, TO)                                                                                         \
    static void name(char **at, const npy_intp *size, const npy_intp *strides, void *Py_UNUSED(data))                  \
    {                                                                                                                  \
        char *from = at[0], *to = at[1];                                                                               \
        npy_intp n = *size, near = strides[0], far = strides[1];                                                       \
        if (near == sizeof(FROM) && far == sizeof(TO))                                                                 \
            for (npy_intp k = 0; k < n; k++)                                                                           \
                ((TO *)to)[k] = (TO)((FROM *)from)[k];                                                                 \
        else                                                                                                           \
            for (npy_intp k = 0; k < n; k++, from += near, to += far)                                                  \
                *(TO *)to = (TO) * (FROM *)from;                                                                       \
    }

COPIED(copied_1, npy_uint8, npy_uint8)
COPIED(copied_2, npy_uint16, npy_uint16)
COPIED(copied_4, npy_uint32, npy_uint32)
COPIED(copied_8, npy_uint64, npy_uint64)
COPIED(float_to_double, float, double)
COPIED(double_to_float, double, float)
COPIED(bool_to_float, npy_bool, float)
COPIED(bool_to_double, npy_bool, double)
COPIED(bool_to_long, npy_bool, npy_int64)
COPIED(bool_to_uint, npy_bool, npy_uint32)
COPIED(long_to_float, npy_int64, float)
COPIED(long_to_double, npy_int64, double)

static const struct {
    int from, to;
    Loop loop;
} CASTS[] = {
    {NPY_FLOAT32, NPY_FLOAT64, float_to_double}, {NPY_FLOAT64, NPY_FLOAT32, double_to_float},
    {NPY_BOOL, NPY_FLOAT32, bool_to_float},      {NPY_BOOL, NPY_FLOAT64, bool_to_double},
    {NPY_BOOL, NPY_INT64, bool_to_long},         {NPY_BOOL, NPY_UINT32, bool_to_uint},
    {NPY_INT64, NPY_FLOAT32, long_to_float},     {NPY_INT64, NPY_FLOAT64, long_to_double},
};

/* The copy of x[0] into x[1] as an instruction; 0 where shapes do not fit, -1 with an exception. `fits`: of operands(). */
static int copy_of(Instruction *made, PyArrayObject **x, int fits)
{
    int from = PyArray_TYPE(x[0]), to = PyArray_TYPE(x[1]);
    npy_intp item = PyArray_ITEMSIZE(x[1]);
    if (from == to && PyTypeNum_ISNUMBER(to) + PyTypeNum_ISBOOL(to))
        made->loop = item == 1 ? copied_1 : item == 2 ? copied_2 : item == 4 ? copied_4 : item == 8 ? copied_8 : NULL;
    for (size_t k = 0; k < sizeof CASTS / sizeof *CASTS; k++)
        if (CASTS[k].from == from && CASTS[k].to == to)
            made->loop = CASTS[k].loop;
    if (!fits || !made->loop || overlap(x, 2)) {
        made->kind = ASSIGN;
        made->of.arrays[0] = x[0], made->of.arrays[1] = x[1];
        return 1;
    }
    if ((fits = at_once(made, x, 2) ? 1 : dim_by_dim(made, x, 2)) < 1)
        return fits;
    made->kind = made->around ? LOOPS : ONE_LOOP;
    if (from == to && made->size == 1 && !made->around && (to == NPY_FLOAT32 || to == NPY_FLOAT64))
        made->kind = to == NPY_FLOAT32 ? FLOAT_SET : DOUBLE_SET;
    else if (from == to && !made->around && made->stride[0] == item && made->stride[1] == item)
        made->kind = BYTES, made->size *= item;
    return 1;
}

/* add_copy(program, x, its owner, out, its owner): out[...] = x, cast where dtypes differ. */
static PyObject *add_copy(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 5);
    PyArrayObject *x[2];
    Instruction *made;
    int fits;
    if (!program || !(made = next_of(program)) || (fits = operands(program, args + 1, 2, x)) < 0)
        return NULL;
    return added_to(program, copy_of(made, x, fits));
}

/* add_part(program, which, start, stop, count, last, stride, x, its owner, out, its owner): the same for a part of x
   (which = 0) or of out (1), the one at 0 of which is given here. `start` and, or None, `stop`: 0-d arrays of int64. An
   iteration in which start is none of 0 … last, or stop not start + count, is none of the program. */
static PyObject *add_part(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 11);
    PyArrayObject *x[2];
    Instruction *made, copy = {0};
    int fits;
    if (!program || !(made = next_of(program)) || (fits = operands(program, args + 7, 2, x)) < 1)
        return program && made && fits == 0 ? Py_NewRef(Py_False) : NULL;
    long which = PyLong_AsLong(args[1]);
    npy_int64 rows = PyLong_AsLongLong(args[4]), last = PyLong_AsLongLong(args[5]), stride = PyLong_AsLongLong(args[6]);
    if (PyErr_Occurred())
        return NULL;
    if (!is_number(args[2]) || PyArray_TYPE((PyArrayObject *)args[2]) != NPY_INT64 || last < 0 ||
        (args[3] != Py_None && (!is_number(args[3]) || PyArray_TYPE((PyArrayObject *)args[3]) != NPY_INT64)))
        Py_RETURN_FALSE;
    Reach own = reach_of(x[which == 1]), all = reach_of((PyArrayObject *)args[which == 1 ? 10 : 8]);
    if (own.low + last * stride < all.low || own.high + last * stride > all.high) {
        PyErr_SetString(PyExc_ValueError, "an operand reaches out of its memory");
        return NULL;
    }
    /* wherever it lies it shares no memory with the other */
    Reach other = reach_of(x[which != 1]);
    if (other.low < all.high && all.low < other.high)
        Py_RETURN_FALSE;
    if (PyList_Append(program->kept, args[2]) < 0 || PyList_Append(program->kept, args[3]) < 0)
        return NULL;
    if ((fits = copy_of(&copy, x, 1)) < 1)
        return added_to(program, fits);
    if (copy.kind == ASSIGN)
        Py_RETURN_FALSE;
    made->of.part = PyMem_Malloc(sizeof(Moving));
    if (!made->of.part)
        return PyErr_NoMemory();
    *made->of.part = (Moving){PyArray_DATA((PyArrayObject *)args[2]),
                            args[3] == Py_None ? NULL : PyArray_DATA((PyArrayObject *)args[3]),
                            rows, last, stride, which == 1, copy};
    made->kind = PART;
    return added_to(program, 1);
}

/* Numbers of a matrix, one for each pair of a row and a column: of.dims has their counts, and the strides of both. */
static int run_pick(const Instruction *i)
{
    const Around *rows = i->of.dims, *columns = rows + 1;
    const char *x = i->at[0], *row = i->at[1], *column = i->at[2];
    char *out = i->at[3];
    npy_intp item = i->stride[3] & 15, puts = i->stride[3] & 16;
    for (npy_intp k = 0; k < i->size; k++, row += i->stride[1], column += i->stride[2]) {
        npy_int64 r = *(const npy_int64 *)row, c = *(const npy_int64 *)column;
        r += r < 0 ? rows->size : 0, c += c < 0 ? columns->size : 0;
        if (r < 0 || r >= rows->size || c < 0 || c >= columns->size)
            return 0; /* where NumPy raises, the iteration is none of the program */
        npy_intp there = r * rows->stride[0] + c * columns->stride[0], here = k * i->stride[0];
        const char *from = puts ? x + here : x + there;
        char *to = puts ? out + there : out + here;
        if (item == 4)
            *(npy_uint32 *)to = *(const npy_uint32 *)from;
        else
            *(npy_uint64 *)to = *(const npy_uint64 *)from;
    }
    return 1;
}

/* add_pick(program, puts, x, its owner, rows, its owner, columns, its owner, out, its owner): out[...] = x[rows, columns]
   or, where it `puts`, out[rows, columns] = x, of rows and columns in vectors of int64. */
static PyObject *add_pick(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 10);
    PyArrayObject *x[4];
    Instruction *made;
    int fits;
    if (!program || !(made = next_of(program)) || (fits = operands(program, args + 2, 4, x)) < 1)
        return program && made && fits == 0 ? Py_NewRef(Py_False) : NULL;
    int puts = args[1] == Py_True, type = PyArray_TYPE(x[0]);
    PyArrayObject *matrix = x[puts ? 3 : 0], *vector = x[puts ? 0 : 3];
    if ((type != NPY_FLOAT32 && type != NPY_FLOAT64) || PyArray_TYPE(x[3]) != type || PyArray_NDIM(matrix) != 2 ||
        PyArray_TYPE(x[1]) != NPY_INT64 || PyArray_TYPE(x[2]) != NPY_INT64 || PyArray_NDIM(x[1]) != 1 ||
        !PyArray_SAMESHAPE(x[1], x[2]) || overlap(x, 4) || same_place(x[0], x[3]) ||
        !(PyArray_SAMESHAPE(vector, x[1]) || (puts && !PyArray_NDIM(vector))))
        Py_RETURN_FALSE;
    made->of.dims = PyMem_Calloc(2, sizeof(Around));
    if (!made->of.dims)
        return PyErr_NoMemory();
    for (int d = 0; d < 2; d++)
        made->of.dims[d].size = PyArray_DIM(matrix, d), made->of.dims[d].stride[0] = PyArray_STRIDE(matrix, d);
    for (int k = 0; k < 4; k++)
        made->at[k] = PyArray_BYTES(x[k]);
    made->size = PyArray_DIM(x[1], 0);
    made->stride[0] = PyArray_NDIM(vector) ? PyArray_STRIDE(vector, 0) : 0;
    made->stride[1] = PyArray_STRIDE(x[1], 0), made->stride[2] = PyArray_STRIDE(x[2], 0);
    made->stride[3] = PyArray_ITEMSIZE(x[0]) | (puts ? 16 : 0);
    made->kind = PICK;
    return added_to(program, 1);
}
