/* What normalisation adds up, for numbers of one type: T, of which LANES are in a vector of 32 bytes. normalizing.py
   says what it is; these functions give its results, bit for bit. */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(name, T)
#define CHUNK 16 /* vectors whose moments are found one after the other */

typedef struct {
    npy_intp count; /* numbers in each lane */
    T mean[LANES], square[LANES];
} OF(Moments_);

INLINE void OF(join_)(const OF(Moments_) * from, OF(Moments_) * to)
{
    npy_intp n = to->count + from->count;
    T share = n ? (T)from->count / (T)n : 0;
    for (int k = 0; k < LANES; k++) {
        T delta = from->mean[k] - to->mean[k], part = share * delta;
        to->square[k] = FUSED(delta * (T)to->count, part, to->square[k] + from->square[k]);
        to->mean[k] += part;
    }
    to->count = n;
}

/* The mean and the variance of n numbers. */
INLINE void OF(moments_of_)(const T *x, npy_intp n, T *mean, T *variance)
{
    OF(Moments_) level[64];
    npy_intp whole = n / LANES, chunks = (whole + CHUNK - 1) / CHUNK, count = 0;
    int depth = 1;
    T m = 0, v = 0;
    while (depth < 63 && (npy_intp)1 << depth < chunks)
        depth++;
    memset(level, 0, depth * sizeof *level);
    for (npy_intp i = 0; i < chunks; i++) {
        OF(Moments_) some = {whole - i * CHUNK < CHUNK ? whole - i * CHUNK : CHUNK, {0}, {0}};
        for (npy_intp j = 0; j < some.count; j++) {
            const T *row = x + (i * CHUNK + j) * LANES;
            T part = (T)1 / (T)(j + 1);
            for (int k = 0; k < LANES; k++) {
                T delta = row[k] - some.mean[k];
                some.mean[k] = FUSED(part, delta, some.mean[k]);
                some.square[k] = FUSED(delta, row[k] - some.mean[k], some.square[k]);
            }
        }
        OF(join_)(&some, level);
        for (int up = 1; up < depth && !((i + 1) & (((npy_intp)1 << up) - 1)); up++) {
            OF(join_)(level + up - 1, level + up);
            memset(level + up - 1, 0, sizeof *level);
        }
    }
    for (int up = 1; up < depth; up++)
        OF(join_)(level + up, level);
    for (npy_intp i = whole * LANES; i < n; i++) {
        T delta = x[i] - m;
        m += delta / (T)++count;
        v += delta * (x[i] - m);
    }
    for (int k = 0; whole && k < LANES; k++) {
        T share = (T)whole / (T)(count + whole), delta = level->mean[k] - m;
        m = FUSED(share, delta, m);
        v += FUSED(delta * delta * share, (T)count, level->square[k]);
        count += whole;
    }
    *mean = m;
    *variance = v / (T)n;
}

WITH_FMA static void OF(moments_)(const T *x, npy_intp m, npy_intp n, T *out)
{
    for (npy_intp i = 0; i < m; i++)
        OF(moments_of_)(x + i * n, n, out + i, out + m + i);
}

/* The sum of n numbers, or of products of numbers: a vector of them. */
INLINE T OF(row_sum_)(const T *x, const T *y, npy_intp n, int at_once)
{
    T lanes[LANES], total;
    npy_intp k = LANES;
#define TERM(k) (y ? x[k] * y[k] : x[k])
    if (n < LANES) {
        total = n ? TERM(0) : 0;
        for (k = 1; k < n; k++)
            total += TERM(k);
        return total;
    }
    for (int j = 0; j < LANES; j++)
        lanes[j] = TERM(j);
    for (; k + LANES <= n; k += LANES)
        for (int j = 0; j < LANES; j++)
            lanes[j] += TERM(k + j);
    for (int j = 0; k < n; k++, j++)
        lanes[j] = y && at_once ? FUSED(x[k], y[k], lanes[j]) : lanes[j] + TERM(k);
#undef TERM
    if (sizeof(T) == 4) {
        for (int half = LANES / 2; half; half /= 2)
            for (int j = 0; j < half; j++)
                lanes[j] += lanes[j + half];
        return lanes[0];
    }
    total = lanes[0];
    for (int j = 1; j < LANES; j++)
        total += lanes[j];
    return total;
}

/* Of c rows beside each other, n times: the distances in numbers from one to the next of both kinds are x's and y's. */
WITH_FMA static void OF(row_sums_)(const T *x, const T *y, const npy_intp *apart, npy_intp n, npy_intp c, npy_intp s,
                                 int at_once, T *out)
{
    for (npy_intp i = 0; i < n; i++)
        for (npy_intp j = 0; j < c; j++) {
            const T *row = x + i * apart[0] + j * apart[1];
            *out++ = y ? OF(row_sum_)(row, y + i * apart[2] + j * apart[3], s, at_once) : OF(row_sum_)(row, NULL, s, 0);
        }
}

/* The products of the numbers of columns, multiplied and added at once, row after row. */
WITH_FMA static void OF(column_dots_)(const T *x, const T *y, npy_intp m, npy_intp n, T *out)
{
    memset(out, 0, n * sizeof(T));
    for (npy_intp i = 0; i < m; i++, x += n, y += n)
        for (npy_intp j = 0; j < n; j++)
            out[j] = FUSED(x[j], y[j], out[j]);
}

/* In double, the sum of x[n, s], or of the squares of what is beside the centre; `apart` numbers from a row to the next.
   Of float64, squares are added in pairs, and a last one at once. */
INLINE double OF(channel_)(const T *x, npy_intp apart, npy_intp n, npy_intp s, T centre, int squared)
{
    double lanes[CHANNEL_LANES] = {0}, total = 0;
#define VALUE(k) (squared ? (row[k] - centre) * (row[k] - centre) : row[k])
    for (npy_intp i = 0; i < n; i++) {
        const T *row = x + i * apart;
        npy_intp k = 0;
        for (; CHANNEL_LANES > 1 && k + CHANNEL_LANES <= s; k += CHANNEL_LANES)
            for (int j = 0; j < CHANNEL_LANES; j++)
                lanes[j] += VALUE(k + j);
        for (; k < (squared ? s - s % CHANNEL_PAIR : s); k++)
            total += VALUE(k);
        for (; k < s; k++)
            total = fma(row[k] - centre, row[k] - centre, total);
    }
#undef VALUE
    for (int j = 0; CHANNEL_LANES > 1 && j < CHANNEL_LANES; j++)
        total += lanes[j];
    return total;
}

/* NumPy's loop of `fused`: a * b + c, rounded once. */
WITH_FMA static void OF(fused_)(char **at, const npy_intp *sizes, const npy_intp *strides, void *Py_UNUSED(data))
{
    npy_intp n = sizes[0], d = sizeof(T);
    const char *a = at[0], *b = at[1], *c = at[2];
    char *out = at[3];
#define LOOP(I, J, K, L)                                                                                               \
    for (npy_intp i = 0; i < n; i++)                                                                                   \
        *(T *)(out + i * (L)) = FUSED(*(const T *)(a + i * (I)), *(const T *)(b + i * (J)), *(const T *)(c + i * (K)))
    if (strides[3] == d && strides[0] == d && strides[1] == d && strides[2] == d)
        LOOP(d, d, d, d);
    else if (strides[3] == d && strides[0] == d && strides[1] == 0 && strides[2] == 0)
        LOOP(d, 0, 0, d);
    else if (strides[3] == d && strides[0] == d && strides[1] == 0 && strides[2] == d)
        LOOP(d, 0, d, d);
    else if (strides[3] == d && strides[0] == d && strides[1] == d && strides[2] == 0)
        LOOP(d, d, 0, d);
    else
        LOOP(strides[0], strides[1], strides[2], strides[3]);
#undef LOOP
}

#undef CHUNK
#undef OF
#undef JOIN
#undef JOIN_
