/* The order in which PyTorch adds, for numbers of one type: T, of which LANES are in a vector of 32 bytes.
   summation.py says what it is; these functions give its results, bit for bit. */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(name, T)

typedef T OF(vector_) __attribute__((vector_size(32), aligned(sizeof(T)), may_alias));

/* n rows of four items (vectors or numbers) added in four levels of blocks, into out[4]: `row` and `item` are strides,
   in bytes. */
#define CASCADE(NAME, ITEM)                                                                                            \
    INLINE void OF(NAME)(const char *x, npy_intp row, npy_intp item, npy_intp n, ITEM *out)                     \
    {                                                                                                                  \
        ITEM level[3][4], a = {0}, b = {0}, c = {0}, d = {0};                                                          \
        npy_intp i = 0, power = height(n), step = (npy_intp)1 << power;                                                \
        memset(level, 0, sizeof level);                                                                                \
        while (i + step <= n) {                                                                                        \
            for (npy_intp last = i + step; i < last; i++, x += row) {                                                  \
                a += *(const ITEM *)x;                                                                                 \
                b += *(const ITEM *)(x + item);                                                                        \
                c += *(const ITEM *)(x + 2 * item);                                                                    \
                d += *(const ITEM *)(x + 3 * item);                                                                    \
            }                                                                                                          \
            level[0][0] += a, level[0][1] += b, level[0][2] += c, level[0][3] += d;                                    \
            a = b = c = d = (ITEM){0};                                                                                 \
            for (int up = 1; up < 3 && !(i & ((step - 1) << (up * power))); up++)                                      \
                for (int k = 0; k < 4; k++)                                                                            \
                    level[up][k] += level[up - 1][k], level[up - 1][k] = (ITEM){0};                                    \
        }                                                                                                              \
        for (; i < n; i++, x += row) {                                                                                 \
            a += *(const ITEM *)x;                                                                                     \
            b += *(const ITEM *)(x + item);                                                                            \
            c += *(const ITEM *)(x + 2 * item);                                                                        \
            d += *(const ITEM *)(x + 3 * item);                                                                        \
        }                                                                                                              \
        if (n >= step)                                                                                                 \
            for (int up = 0; up < 3; up++)                                                                             \
                a += level[up][0], b += level[up][1], c += level[up][2], d += level[up][3];                            \
        out[0] = a, out[1] = b, out[2] = c, out[3] = d;                                                                \
    }                                                                                                                  \
    /* n items, `apart` bytes each from the next: number k goes into the sum k % 4, what is left into the first. */    \
    INLINE void OF(NAME##four_)(const char *x, npy_intp apart, npy_intp n, ITEM *out)                           \
    {                                                                                                                  \
        ITEM sums[4];                                                                                                  \
        OF(NAME)(x, 4 * apart, apart, n / 4, sums);                                                                    \
        for (npy_intp k = n - n % 4; k < n; k++)                                                                       \
            sums[0] += *(const ITEM *)(x + k * apart);                                                                 \
        *out = sums[0] + sums[1] + sums[2] + sums[3];                                                                  \
    }

CASCADE(vectors_, OF(vector_))
CASCADE(numbers_, T)
#undef CASCADE

/* n numbers that lie side by side, at least LANES of them. */
INLINE T OF(inner_)(const char *x, npy_intp n)
{
    T total = 0;
    OF(vector_) lanes;
    OF(vectors_four_)(x, 32, n / LANES, &lanes);
    for (npy_intp k = n - n % LANES; k < n; k++)
        total += ((const T *)x)[k];
    for (int k = 0; k < LANES; k++)
        total += lanes[k];
    return total;
}

/* n numbers, `apart` bytes from each other, for each of m columns, `beside` bytes from each other; their sums are added
   to *out, which goes on by `on` bytes: in blocks. */
INLINE void OF(blocks_)(const char *x, npy_intp apart, npy_intp n, npy_intp beside, npy_intp m, char *out, npy_intp on)
{
    npy_intp j = 0;
#define PUT(value, k) *(T *)(out + (j + (k)) * on) += (value)
    if (apart == sizeof(T) && n >= LANES) {
        for (; j < m; j++)
            PUT(OF(inner_)(x + j * beside, n), 0);
        return;
    }
    if (beside == sizeof(T) && m >= LANES) {
        for (; j + 4 * LANES <= m; j += 4 * LANES) {
            OF(vector_) sums[4];
            OF(vectors_)(x + j * beside, apart, 32, n, sums);
            for (int k = 0; k < 4 * LANES; k++)
                PUT(sums[k / LANES][k % LANES], k);
        }
        for (; j + LANES <= m; j += LANES) {
            OF(vector_) sums;
            OF(vectors_four_)(x + j * beside, apart, n, &sums);
            for (int k = 0; k < LANES; k++)
                PUT(sums[k], k);
        }
    }
    else if (apart >= beside) {
        for (; j + 4 <= m; j += 4) {
            T sums[4];
            OF(numbers_)(x + j * beside, apart, beside, n, sums);
            for (int k = 0; k < 4; k++)
                PUT(sums[k], k);
        }
    }
    for (; j < m; j++) {
        T sum;
        OF(numbers_four_)(x + j * beside, apart, n, &sum);
        PUT(sum, 0);
    }
#undef PUT
}

/* The same numbers, or their squares, added one after the other. */
INLINE void OF(in_turn_)(const char *x, npy_intp apart, npy_intp n, npy_intp beside, npy_intp m, char *out,
                         npy_intp on, int squared)
{
#define VALUE(i, j) (squared ? *(const T *)(x + (i) * apart + (j) * beside) * *(const T *)(x + (i) * apart + (j) * beside) \
                             : *(const T *)(x + (i) * apart + (j) * beside))
    if (on && beside < apart) {
        for (npy_intp i = 0; i < n; i++)
            for (npy_intp j = 0; j < m; j++)
                *(T *)(out + j * on) += VALUE(i, j);
        return;
    }
    for (npy_intp j = 0; j < m; j++) {
        T total = *(T *)(out + j * on);
        for (npy_intp i = 0; i < n; i++)
            total += VALUE(i, j);
        *(T *)(out + j * on) = total;
    }
#undef VALUE
}

/* The squares of n numbers that lie side by side: whole vectors, their lanes, then what is left; the compiler that
   PyTorch is built with makes vectors of four of that, and multiplies and adds the last ones at once. */
INLINE T OF(squares_)(const T *x, npy_intp n)
{
    T lanes[LANES] = {0}, total;
    npy_intp k = 0, whole = n - n % LANES % 4;
    for (; k + LANES <= n; k += LANES)
        for (int j = 0; j < LANES; j++)
            lanes[j] += x[k + j] * x[k + j];
    total = lanes[0];
    for (int j = 1; j < LANES; j++)
        total += lanes[j];
    for (; k < whole; k++)
        total += x[k] * x[k];
    for (; k < n; k++)
        total = FUSED(x[k], x[k], total);
    return total;
}

/* The two innermost loops of PyTorch's. */
CLONES static void OF(loops_)(const char *x, Dim near, Dim beside, char *out, Order order, int side_by_side)
{
    if (order == BLOCKS)
        OF(blocks_)(x, near.in, near.size, beside.in, beside.size, out, beside.out);
    else if (side_by_side)
        for (npy_intp j = 0; j < beside.size; j++)
            *(T *)(out + j * beside.out) = OF(squares_)((const T *)(x + j * beside.in), near.size);
    else
        OF(in_turn_)(x, near.in, near.size, beside.in, beside.size, out, beside.out, order == SQUARES);
}

#undef OF
#undef JOIN
#undef JOIN_
