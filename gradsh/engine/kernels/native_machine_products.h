/* The machine's instructions that add up: PyTorch's sums, NumPy's reductions and products. */

/* add_sum(program, order, axes, x, its owner, out, its owner): PyTorch's sum along these axes, as `summed` (0), `in_turn`
   (1) or `squares` (2) has it. */
static PyObject *add_sum(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 7);
    PyArrayObject *x[2];
    Instruction *made;
    int fits;
    if (!program || !(made = next_of(program)))
        return NULL;
    if ((fits = operands(program, args + 3, 2, x)) < 1)
        return added_to(program, fits);
    int type = PyArray_TYPE(x[0]), ndim = PyArray_NDIM(x[0]);
    long order = PyLong_AsLong(args[1]);
    npy_int64 axes = reduced_dims(args[2], ndim);
    npy_intp kept = 1;
    for (int d = 0; d < ndim; d++)
        kept *= axes >> d & 1 ? 1 : PyArray_DIM(x[0], d);
    if (axes < 0 || order < BLOCKS || order > SQUARES || (type != NPY_FLOAT32 && type != NPY_FLOAT64) || PyArray_TYPE(x[1]) != type ||
        !contiguous(x[1]) || PyArray_SIZE(x[1]) != kept || overlap(x, 2) || same_place(x[0], x[1]))
        Py_RETURN_FALSE;
    made->of.sum = PyMem_Malloc(sizeof(Sum));
    if (!made->of.sum)
        return PyErr_NoMemory();
    made->kind = SUM;
    made->at[0] = PyArray_BYTES(x[0]), made->at[1] = PyArray_BYTES(x[1]);
    made->of.sum->type = type;
    made->of.sum->bytes = PyArray_NBYTES(x[1]);
    made->of.sum->order = (Order)order;
    made->of.sum->groups = walk_of_sum(x[0], axes, (Order)order, made->of.sum->dims, &made->of.sum->side_by_side);
    return added_to(program, 1);
}

/* add_reduce(program, ufunc, axes, starts, x, its owner, out, its owner): whether the reduction has been added. It is
   where the axes are the last ones of an array without gaps: each row is one call of the inner loop. `starts`: from -0.0,
   as NumPy's sums do, else from the first element. */
static PyObject *add_reduce(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 8);
    PyArrayObject *x[3];
    Instruction *made;
    int fits;
    if (!program || !(made = next_of(program)))
        return NULL;
    if ((fits = operands(program, args + 4, 2, x)) < 1)
        return added_to(program, fits);
    int ndim = PyArray_NDIM(x[0]), first = 0, type = PyArray_TYPE(x[0]);
    npy_int64 axes = reduced_dims(args[2], ndim);
    npy_intp rows = 1, size = 1;
    while (first < ndim && !(axes >> first & 1))
        rows *= PyArray_DIM(x[0], first++);
    for (int d = first; d < ndim; d++) {
        if (!(axes >> d & 1))
            Py_RETURN_FALSE;
        size *= PyArray_DIM(x[0], d);
    }
    PyUFuncObject *ufunc = (PyUFuncObject *)args[1];
    if (axes < 1 || !PyObject_TypeCheck(args[1], &PyUFunc_Type) || ufunc->nargs != 3 || !contiguous(x[0]) ||
        !contiguous(x[1]) || PyArray_SIZE(x[1]) != rows || PyArray_TYPE(x[1]) != type || size > WITHIN || size < 2 ||
        overlap(x, 2) || same_place(x[0], x[1]) ||
        (type != NPY_FLOAT32 && type != NPY_FLOAT64 && ((type != NPY_INT64 && type != NPY_UINT64) || args[3] == Py_True)))
        Py_RETURN_FALSE;
    PyArrayObject *types[3] = {x[0], x[0], x[0]};
    if (!(made->loop = loop_of(ufunc, types, &made->data)))
        Py_RETURN_FALSE;
    made->kind = REDUCE;
    made->around = args[3] == Py_True;
    made->at[0] = PyArray_BYTES(x[0]), made->at[1] = PyArray_BYTES(x[1]);
    made->size = size, made->stride[0] = PyArray_ITEMSIZE(x[0]), made->stride[1] = rows;
    return added_to(program, 1);
}

/* sgemm, dgemm, sgemv, dgemv of the BLAS that NumPy uses, whose numbers have 64 bits; NULL where it has them not. */
static void *BLAS[4];

/* find_blas(path): whether the library of that path, or one that it was linked with, has them. */
static PyObject *find_blas(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    const char *path = count == 1 ? PyUnicode_AsUTF8(args[0]) : NULL;
    if (!path)
        return PyErr_Occurred() ? NULL : PyErr_Format(PyExc_TypeError, "no path");
#ifdef RTLD_NOLOAD
    static const char *const NAMES[] = {"sgemm", "dgemm", "sgemv", "dgemv"}, *const PREFIXES[] = {"scipy_cblas_", "cblas_"};
    void *library = dlopen(path, RTLD_NOLOAD | RTLD_LAZY);
    for (int k = 0; library && k < 8; k++) {
        char name[32];
        snprintf(name, sizeof name, "%s%s64_", PREFIXES[k / 4], NAMES[k % 4]);
        if (!BLAS[k % 4])
            BLAS[k % 4] = dlsym(library, name);
    }
    if (library)
        dlclose(library);
#endif
    return PyBool_FromLong(BLAS[0] && BLAS[1] && BLAS[2] && BLAS[3]);
}

/* How a matrix of at least two rows and columns without gaps is told to the BLAS: 1 as rows, 2 as columns, 0 not. */
static int layout_of(PyArrayObject *x)
{
    if (PyArray_NDIM(x) != 2 || PyArray_DIM(x, 0) < 2 || PyArray_DIM(x, 1) < 2)
        return 0;
    return PyArray_IS_C_CONTIGUOUS(x) ? 1 : PyArray_IS_F_CONTIGUOUS(x) ? 2 : 0;
}

static int is_vector(PyArrayObject *x)
{
    return PyArray_NDIM(x) == 1 && PyArray_DIM(x, 0) > 1 && PyArray_STRIDE(x, 0) > 0 &&
           PyArray_STRIDE(x, 0) % PyArray_ITEMSIZE(x) == 0;
}

/* What `np.dot` asks of the BLAS (cblas_matrixproduct of NumPy's cblasfuncs.c); 0 where it is not one of its plain ways. */
static int product_of(Instruction *made, PyArrayObject **x)
{
    npy_intp item = PyArray_ITEMSIZE(x[0]);
    void *gemm = BLAS[made->around], *gemv = BLAS[2 + made->around];
    int a = layout_of(x[0]), b = layout_of(x[1]);
    Product p = {0};
    if (a && b && gemm) {
        if (PyArray_BYTES(x[0]) == PyArray_BYTES(x[1])) /* it could be a matrix times itself turned */
            return 0;
        p = (Product){101, a == 2, b == 2, PyArray_DIM(x[0], 0), PyArray_DIM(x[1], 1), PyArray_DIM(x[0], 1), 0, 0, 0, gemm};
        p.lda = PyArray_DIM(x[0], a == 1), p.ldb = PyArray_DIM(x[1], b == 1);
        made->kind = GEMM;
    }
    else if (((a && is_vector(x[1])) || (b && is_vector(x[0]))) && gemv) {
        PyArrayObject *matrix = x[a ? 0 : 1], *vector = x[a ? 1 : 0];
        int rows = layout_of(matrix) == 1;
        p = (Product){rows ? 101 : 102, !a, 0, PyArray_DIM(matrix, 0), PyArray_DIM(matrix, 1), 0, 0, 0, 0, gemv};
        p.lda = PyArray_DIM(matrix, rows), p.inc = PyArray_STRIDE(vector, 0) / item;
        made->kind = GEMV;
        made->at[0] = PyArray_BYTES(matrix), made->at[1] = PyArray_BYTES(vector);
    }
    else
        return 0;
    made->of.product = PyMem_Malloc(sizeof p);
    if (!made->of.product)
        return 0;
    *made->of.product = p;
    return 1;
}

/* add_dot(program, x, its owner, y, its owner, out, its owner): np.dot(x, y, out). */
static PyObject *add_dot(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 7);
    PyArrayObject *x[3];
    Instruction *made;
    int fits;
    if (!program || !(made = next_of(program)))
        return NULL;
    if ((fits = operands(program, args + 1, 3, x)) < 1)
        return added_to(program, fits);
    int type = PyArray_TYPE(x[0]), a = PyArray_NDIM(x[0]), b = PyArray_NDIM(x[1]);
    if ((type != NPY_FLOAT32 && type != NPY_FLOAT64) || PyArray_TYPE(x[1]) != type || PyArray_TYPE(x[2]) != type ||
        !contiguous(x[2]) || overlap(x, 3) || same_place(x[0], x[2]) || same_place(x[1], x[2]) || !a || !b || a > 2 ||
        b > 2 || PyArray_DIM(x[0], a - 1) != PyArray_DIM(x[1], 0) || PyArray_NDIM(x[2]) != a + b - 2 ||
        (a == 2 && PyArray_DIM(x[2], 0) != PyArray_DIM(x[0], 0)) ||
        (b == 2 && PyArray_DIM(x[2], a - 1) != PyArray_DIM(x[1], 1)))
        Py_RETURN_FALSE;
    for (int k = 0; k < 3; k++)
        made->at[k] = PyArray_BYTES(x[k]), made->of.arrays[k] = x[k];
    made->around = type == NPY_FLOAT64;
    made->kind = PRODUCT;
    product_of(made, x);
    return added_to(program, 1);
}

typedef void (*Gemm_float)(int, int, int, npy_int64, npy_int64, npy_int64, float, const void *, npy_int64, const void *,
                           npy_int64, float, void *, npy_int64);
typedef void (*Gemm_double)(int, int, int, npy_int64, npy_int64, npy_int64, double, const void *, npy_int64,
                            const void *, npy_int64, double, void *, npy_int64);
typedef void (*Gemv_float)(int, int, npy_int64, npy_int64, float, const void *, npy_int64, const void *, npy_int64, float,
                           void *, npy_int64);
typedef void (*Gemv_double)(int, int, npy_int64, npy_int64, double, const void *, npy_int64, const void *, npy_int64,
                            double, void *, npy_int64);

static void run_product(const Instruction *i)
{
    const Product *p = i->of.product;
    int first = p->from_columns ? 112 : 111, second = p->to_columns ? 112 : 111;
    if (i->kind == GEMM && i->around)
        ((Gemm_double)p->blas)(p->order, first, second, p->m, p->n, p->k, 1.0, i->at[0], p->lda, i->at[1], p->ldb, 0.0,
                               i->at[2], p->n);
    else if (i->kind == GEMM)
        ((Gemm_float)p->blas)(p->order, first, second, p->m, p->n, p->k, 1.0f, i->at[0], p->lda, i->at[1], p->ldb, 0.0f,
                              i->at[2], p->n);
    else if (i->around)
        ((Gemv_double)p->blas)(p->order, first, p->m, p->n, 1.0, i->at[0], p->lda, i->at[1], p->inc, 0.0, i->at[2], 1);
    else
        ((Gemv_float)p->blas)(p->order, first, p->m, p->n, 1.0f, i->at[0], p->lda, i->at[1], p->inc, 0.0f, i->at[2], 1);
}

