/* softmax and its kin of float32, as softmax.py has them, bit for bit: rows that lie side by side, or columns. */

#define WIDTH 16  /* numbers of a vector of 64 bytes */
#define MOST 512  /* columns that are done together, whose sums stay in the cache */

/* Of exp of a number that is not above 0, as PyTorch's vectors have it: exp = (1 + (y + p y^2)) * scale / 2**64. */
INLINE float reduced(float x, float *p, float *scale)
{
    float y = x < -104.0f ? -104.0f : x, power, times;
    npy_uint32 bits;
    power = y * 1.44269504088896341f + 12582912.0f;
    times = power - 12582912.0f;
    y -= times * 0.693145751953125f;
    y -= times * 1.428606765330187045e-06f;
    *p = y * 0.000198527617612853646f + 0.00139304355252534151f;
    *p = *p * y + 0.00833336077630519867f;
    *p = *p * y + 0.0416664853692054749f;
    *p = *p * y + 0.166666671633720398f;
    *p = *p * y + 0.5f;
    memcpy(&bits, &power, sizeof bits);
    bits = (bits + 127 + 64) << 23;
    memcpy(scale, &bits, sizeof bits);
    return y;
}

/* That exponential; the multiply-add in double, rounded once. */
INLINE float falling(float x)
{
    float p, scale, y = reduced(x, &p, &scale);
    p = (float)((double)(y * y) * p + y) + 1.0f;
    return p * scale * 0x1p-64f;
}

/* The same in half of the time, by the processor's own multiply-add; not 0 where that may differ from a double's, whose
   own rounding comes before: only where what it rounds away, which is a float, is a power of 2. */
INLINE npy_uint32 falling_fused(float x, float *out)
{
    float p, scale, y = reduced(x, &p, &scale), sum, away;
    npy_uint32 bits;
    sum = fmaf(y * y, p, y);
    away = fmaf(y * y, p, y - sum);
    memcpy(&bits, &away, sizeof bits);
    *out = (sum + 1.0f) * scale * 0x1p-64f;
    return ((bits & 0x7fffff) == 0) & ((bits << 1) != 0);
}

/* exp(x - less) of n numbers, none of which is above 0. */
INLINE void exps(const float *restrict x, float less, float *restrict out, npy_intp n)
{
    npy_uint32 unsure = !FUSES;
    if (FUSES)
        for (npy_intp k = 0; k < n; k++)
            unsure |= falling_fused(x[k] - less, &out[k]);
    if (unsure)
        for (npy_intp k = 0; k < n; k++)
            out[k] = falling(x[k] - less);
}

/* c + a * b, rounded once. */
INLINE float fused(float c, float a, float b)
{
    return (float)((double)c + (double)a * b);
}

/* The sum of the numbers of a vector: its halves onto each other. */
INLINE float folded(float *lanes)
{
    for (int half = WIDTH / 2; half; half /= 2)
        for (int k = 0; k < half; k++)
            lanes[k] += lanes[k + half];
    return lanes[0];
}

/* The sum of the numbers of a row. */
INLINE float row_total(const float *x, npy_intp n)
{
    float lanes[WIDTH], total = x[0];
    npy_intp k = WIDTH;
    if (n < WIDTH) {
        for (k = 1; k < n; k++)
            total += x[k];
        return total;
    }
    memcpy(lanes, x, sizeof lanes);
    for (; k + WIDTH <= n; k += WIDTH)
        for (int j = 0; j < WIDTH; j++)
            lanes[j] += x[k + j];
    for (int j = 0; k < n; k++, j++)
        lanes[j] += x[k];
    return folded(lanes);
}

/* The sum of the products of two rows: only what is left over after whole vectors is multiplied and added at once. */
INLINE float row_products(const float *a, const float *b, npy_intp n)
{
    float lanes[WIDTH], total = a[0] * b[0];
    npy_intp k = WIDTH;
    if (n < WIDTH) {
        for (k = 1; k < n; k++)
            total += a[k] * b[k];
        return total;
    }
    for (int j = 0; j < WIDTH; j++)
        lanes[j] = a[j] * b[j];
    for (; k + WIDTH <= n; k += WIDTH)
        for (int j = 0; j < WIDTH; j++)
            lanes[j] += a[k + j] * b[k + j];
    for (int j = 0; k < n; k++, j++)
        lanes[j] = fused(lanes[j], a[k], b[k]);
    return folded(lanes);
}

INLINE float row_largest(const float *x, npy_intp n)
{
    float lanes[WIDTH], most = x[0]; /* where one is nan, the sum will be */
    npy_intp k = 0;
    for (int j = 0; j < WIDTH; j++)
        lanes[j] = most;
    for (; k + WIDTH <= n; k += WIDTH)
        for (int j = 0; j < WIDTH; j++)
            lanes[j] = x[k + j] > lanes[j] ? x[k + j] : lanes[j];
    for (; k < n; k++)
        most = x[k] > most ? x[k] : most;
    for (int half = WIDTH / 2; half; half /= 2)
        for (int j = 0; j < half; j++)
            lanes[j] = lanes[j + half] > lanes[j] ? lanes[j + half] : lanes[j];
    return lanes[0] > most ? lanes[0] : most;
}

CLONES static void softmax_row(const float *x, const float *unused, float *out, npy_intp n)
{
    float most = row_largest(x, n), share;
    (void)unused;
    exps(x, most, out, n);
    share = 1.0f / row_total(out, n);
    for (npy_intp k = 0; k < n; k++)
        out[k] *= share;
}

CLONES static void log_softmax_row(const float *x, const float *unused, float *out, npy_intp n)
{
    float most = row_largest(x, n), size;
    (void)unused;
    exps(x, most, out, n);
    size = (float)log((double)row_total(out, n));
    for (npy_intp k = 0; k < n; k++)
        out[k] = x[k] - most - size;
}

CLONES static void softmax_backward_row(const float *g, const float *y, float *out, npy_intp n)
{
    float total = row_products(g, y, n);
    for (npy_intp k = 0; k < n; k++)
        out[k] = (g[k] - total) * y[k];
}

CLONES static void log_softmax_backward_row(const float *g, const float *y, float *out, npy_intp n)
{
    float total = row_total(g, n);
    exps(y, 0.0f, out, n);
    for (npy_intp k = 0; k < n; k++)
        out[k] = fused(g[k], -out[k], total);
}

/* exp of columns: `whole` of them in vectors, the others as the C library has it. */
INLINE void column_exps(const float *x, float *out, npy_intp whole, npy_intp m)
{
    exps(x, 0.0f, out, whole);
    for (npy_intp j = whole; j < m; j++)
        out[j] = (float)exp((double)x[j]);
}

/* n rows of m columns, `apart` numbers from row to row; `whole` of the columns fill vectors. */
typedef struct {
    npy_intp n, m, apart, whole;
} Block;

INLINE void less_largest(const float *x, float *out, Block b)
{
    float most[MOST];
    memcpy(most, x, b.m * sizeof(float));
    for (npy_intp k = 1; k < b.n; k++)
        for (npy_intp j = 0; j < b.m; j++) {
            float v = x[k * b.apart + j];
            most[j] = v > most[j] || v != v ? v : most[j];
        }
    for (npy_intp k = 0; k < b.n; k++)
        for (npy_intp j = 0; j < b.m; j++)
            out[k * b.apart + j] = x[k * b.apart + j] - most[j];
}

/* `shares`: multiplied by the reciprocal of the sum, as rows are. */
INLINE void softmax_of_columns(const float *x, float *out, Block b, int shares)
{
    float total[MOST], e[MOST];
    less_largest(x, out, b);
    for (npy_intp k = 0; k < b.n; k++) {
        float *row = out + k * b.apart;
        column_exps(row, e, b.whole, b.m);
        memcpy(row, e, b.m * sizeof(float));
        for (npy_intp j = 0; j < b.m; j++)
            total[j] = k ? total[j] + row[j] : row[j];
    }
    for (npy_intp j = 0; j < b.m && shares; j++)
        total[j] = 1.0f / total[j];
    for (npy_intp k = 0; k < b.n; k++)
        for (npy_intp j = 0; j < b.m; j++)
            out[k * b.apart + j] = shares ? out[k * b.apart + j] * total[j] : out[k * b.apart + j] / total[j];
}

CLONES static void softmax_columns(const float *x, const float *unused, float *out, Block b)
{
    (void)unused;
    softmax_of_columns(x, out, b, 0);
}

CLONES static void softmax_short_rows(const float *x, const float *unused, float *out, Block b)
{
    (void)unused;
    softmax_of_columns(x, out, b, 1);
}

CLONES static void log_softmax_columns(const float *x, const float *unused, float *out, Block b)
{
    float total[MOST], e[MOST];
    (void)unused;
    less_largest(x, out, b);
    for (npy_intp k = 0; k < b.n; k++) {
        column_exps(out + k * b.apart, e, b.whole, b.m);
        for (npy_intp j = 0; j < b.m; j++)
            total[j] = k ? total[j] + e[j] : e[j];
    }
    for (npy_intp j = 0; j < b.m; j++)
        total[j] = (float)log((double)total[j]);
    for (npy_intp k = 0; k < b.n; k++)
        for (npy_intp j = 0; j < b.m; j++)
            out[k * b.apart + j] -= total[j];
}

CLONES static void softmax_backward_columns(const float *g, const float *y, float *out, Block b)
{
    float total[MOST];
    for (npy_intp j = 0; j < b.m; j++)
        total[j] = g[j] * y[j];
    for (npy_intp k = 1; k < b.n; k++)
        for (npy_intp j = 0; j < b.m; j++)
            total[j] = fused(total[j], g[k * b.apart + j], y[k * b.apart + j]);
    for (npy_intp k = 0; k < b.n; k++)
        for (npy_intp j = 0; j < b.m; j++)
            out[k * b.apart + j] = (g[k * b.apart + j] - total[j]) * y[k * b.apart + j];
}

CLONES static void log_softmax_backward_columns(const float *g, const float *y, float *out, Block b)
{
    float total[MOST];
    memcpy(total, g, b.m * sizeof(float));
    for (npy_intp k = 1; k < b.n; k++)
        for (npy_intp j = 0; j < b.m; j++)
            total[j] += g[k * b.apart + j];
    for (npy_intp k = 0; k < b.n; k++) {
        float *row = out + k * b.apart;
        column_exps(y + k * b.apart, row, b.whole, b.m);
        for (npy_intp j = 0; j < b.m; j++)
            row[j] = fused(g[k * b.apart + j], -row[j], total[j]);
    }
}

/* Elements from which the interpreter's lock is let go of, for other threads to work on other rows. */
#define LONG (1 << 14)

typedef void Row(const float *, const float *, float *, npy_intp);
typedef void Columns(const float *, const float *, float *, Block);

typedef struct {
    const float *from, *other;
    float *to;
    npy_intp n, m;
    Row *row; /* NULL where columns are meant */
    Columns *columns;
    Columns *short_rows; /* of x alone: of rows shorter than a vector, which add up in turn, as columns do; or NULL */
} Blocks;

/* As many rows as a vector is wide, side by side as the columns of a block: one of ten classes takes a seventh of the
   time so. */
CLONES static void turned_rows(const Blocks *b, npy_intp at)
{
    float from[WIDTH * WIDTH] = {0}, to[WIDTH * WIDTH];
    npy_intp n = b->n;
    for (npy_intp r = 0; r < WIDTH; r++)
        for (npy_intp k = 0; k < n; k++)
            from[k * WIDTH + r] = b->from[at + r * n + k];
    b->short_rows(from, NULL, to, (Block){n, WIDTH, WIDTH, WIDTH});
    for (npy_intp r = 0; r < WIDTH; r++)
        for (npy_intp k = 0; k < n; k++)
            b->to[at + r * n + k] = to[k * WIDTH + r];
}

static void blocks_part(const void *job, npy_intp start, npy_intp stop)
{
    const Blocks *b = job;
    for (; b->short_rows && start + WIDTH <= stop; start += WIDTH)
        turned_rows(b, start * b->n);
    for (npy_intp i = start; i < stop; i++) {
        npy_intp at = i * b->n * b->m;
        if (b->row) {
            b->row(b->from + at, b->other + at, b->to + at, b->n);
            continue;
        }
        for (npy_intp j = at; j < at + b->m; j += MOST) {
            npy_intp wide = at + b->m - j < MOST ? at + b->m - j : MOST;
            b->columns(b->from + j, b->other + j, b->to + j, (Block){b->n, wide, b->m, wide - wide % WIDTH});
        }
    }
}

/* f(x, axis) or f(g, y, axis) of float32 arrays of one shape, along an axis that they have; None for anything else.
   With one more array, as they are and C-contiguous, that is what it fills in and gives. */
static PyObject *along(PyObject *const *args, Py_ssize_t count, Py_ssize_t arrays, Row *row, Columns *columns,
                       Columns *short_rows)
{
    PyArrayObject *x, *y, *out;
    npy_intp n, m = 1, before = 1, block;
    if (count < arrays + 1 || !is_plain(args[0]) || !is_plain(args[arrays - 1]) || !PyLong_CheckExact(args[arrays]))
        Py_RETURN_NONE;
    x = (PyArrayObject *)args[0], y = (PyArrayObject *)args[arrays - 1];
    long axis = PyLong_AsLong(args[arrays]);
    if (PyArray_TYPE(x) != NPY_FLOAT32 || PyArray_TYPE(y) != NPY_FLOAT32 || !PyArray_SAMESHAPE(x, y) || axis < 0 ||
        axis >= PyArray_NDIM(x) || !PyArray_SIZE(x))
        Py_RETURN_NONE;
    if (count > arrays + 1)
        out = (PyArrayObject *)Py_NewRef(args[arrays + 1]);
    else
        out = (PyArrayObject *)PyArray_SimpleNew(PyArray_NDIM(x), PyArray_DIMS(x), NPY_FLOAT32);
    x = out ? (PyArrayObject *)PyArray_GETCONTIGUOUS(x) : NULL;
    y = x ? (PyArrayObject *)PyArray_GETCONTIGUOUS(y) : NULL;
    if (!y) {
        Py_XDECREF(x);
        Py_XDECREF(out);
        return NULL;
    }
    n = PyArray_DIM(x, axis);
    for (int d = 0; d < axis; d++)
        before *= PyArray_DIM(x, d);
    for (int d = axis + 1; d < PyArray_NDIM(x); d++)
        m *= PyArray_DIM(x, d);
    block = n * m;
    const float *from = (float *)PyArray_DATA(x), *other = (float *)PyArray_DATA(y);
    float *to = (float *)PyArray_DATA(out);
    int last = axis == PyArray_NDIM(x) - 1;
    PyThreadState *state = block * before > LONG ? PyEval_SaveThread() : NULL;
    Blocks job = {from, other, to, n, m, last ? row : NULL, columns, last && n < WIDTH ? short_rows : NULL};
    shared(blocks_part, &job, before, block > LONG ? 1 : LONG / block);
    if (state)
        PyEval_RestoreThread(state);
    Py_DECREF(x);
    Py_DECREF(y);
    return (PyObject *)out;
}

#define FUNCTION(name, arrays, short_rows)                                                                             \
    static PyObject *name(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)                          \
    {                                                                                                                  \
        return along(args, count, arrays, name##_row, name##_columns, short_rows);                                     \
    }

FUNCTION(softmax, 1, softmax_short_rows)
FUNCTION(log_softmax, 1, log_softmax_columns)
FUNCTION(softmax_backward, 2, NULL)
FUNCTION(log_softmax_backward, 2, NULL)
