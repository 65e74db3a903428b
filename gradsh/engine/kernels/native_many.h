/* exp, tanh and log of many float32 numbers, in vectors: each is computed in double, to within MARGIN units of double's
   last place, and rounded. Where the rounding depends on what lies within that, and where the number is of another
   kind, the C library computes it. So each is what the library's double is rounded to, whatever the vectors' own last
   bits are; products and sums may be contracted here. */

#if !defined(__clang__) && defined(__GNUC__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")
#endif

#define MARGIN (1 << 14)
#define BLOCK 256         /* numbers of which it is asked at once whether one is left to the C library */
#define MIDDLE 0x1.000001p0 /* between two floats: is left to it */

INLINE npy_int64 bits_of(double x)
{
    npy_int64 bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

INLINE double of_bits(npy_int64 bits)
{
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Whether a number lies so close to the middle of two floats that its rounding is not sure. */
INLINE npy_int64 unsure(double x)
{
    return ((bits_of(x) + MARGIN - (1 << 28)) & ((1 << 29) - 1)) < 2 * MARGIN;
}

/* Of exp(x) = 2**k * (1 + rest): rest, by Taylor's polynomial, whose error is below 2**-42, and 2**k. |x| < 700. */
INLINE double risen(double x, double *power)
{
    double shifted = x * 0x1.71547652b82fep+0 + 0x1.8p52, r = x - (shifted - 0x1.8p52) * 0x1.62e42fefa39efp-1, p;
    p = r * (1.0 / 3628800) + 1.0 / 362880;
    p = p * r + 1.0 / 40320;
    p = p * r + 1.0 / 5040;
    p = p * r + 1.0 / 720;
    p = p * r + 1.0 / 120;
    p = p * r + 1.0 / 24;
    p = p * r + 1.0 / 6;
    p = p * r + 0.5;
    *power = of_bits((npy_int64)((npy_uint64)(bits_of(shifted) + 1023) << 52));
    return p * (r * r) + r;
}

INLINE double exp_one(double x)
{
    double power, rest = risen(x, &power);
    rest = rest * power + power;
    return fabs(x) <= 87.0 ? rest : MIDDLE; /* below are floats of fewer digits */
}

INLINE float exp_else(float x)
{
    return x < -104.0f ? 0.0f : x > 89.0f ? HUGE_VALF : (float)exp((double)x);
}

INLINE double tanh_one(double x)
{
    double size = fabs(x), power, rest = risen(size + size, &power);
    rest = rest * power + (power - 1.0); /* exp(2 |x|) - 1 */
    return size <= 10.0 ? copysign(rest / (rest + 2.0), x) : MIDDLE;
}

INLINE float tanh_else(float x)
{
    return x > 10.0f ? 1.0f : x < -10.0f ? -1.0f : (float)tanh((double)x);
}

INLINE double log_one(double x)
{
    /* x = 2**k * m, m next to 1; log(m) = 2 atanh((m - 1) / (m + 1)), a series whose error is below 2**-44 */
    npy_int64 bits = bits_of(x), halves = (bits - 0x3fe6a09e667f3bcd) & ((npy_int64)-1 << 52);
    double m = of_bits(bits - halves), s = (m - 1.0) / (m + 1.0), z = s * s, p;
    double times = of_bits(0x4338000000000000 + (npy_int64)((((npy_uint64)halves >> 52) ^ 2048) - 2048)) - 0x1.8p52;
    p = z * (2.0 / 15) + 2.0 / 13;
    p = p * z + 2.0 / 11;
    p = p * z + 2.0 / 9;
    p = p * z + 2.0 / 7;
    p = p * z + 2.0 / 5;
    p = p * z + 2.0 / 3;
    p = p * z + 2.0;
    p = times * 0x1.62e42fefa39efp-1 + p * s;
    return x > 0.0 && x < 0x1p128 ? p : MIDDLE;
}

INLINE float log_else(float x)
{
    return (float)log((double)x);
}

#define MANY(name)                                                                                                     \
    CLONES static void name##_many(const float *x, float *out, npy_intp n)                                        \
    {                                                                                                                  \
        double made[BLOCK];                                                                                            \
        for (; n > 0; n -= BLOCK, x += BLOCK, out += BLOCK) {                                                          \
            npy_intp these = n < BLOCK ? n : BLOCK;                                                                    \
            npy_int64 any = 0;                                                                                         \
            for (npy_intp k = 0; k < these; k++)                                                                       \
                made[k] = name##_one((double)x[k]);                                                                    \
            for (npy_intp k = 0; k < these; k++)                                                                       \
                any |= unsure(made[k]);                                                                                \
            for (npy_intp k = 0; any && k < these; k++)                                                                \
                made[k] = unsure(made[k]) ? (double)name##_else(x[k]) : made[k];                                       \
            for (npy_intp k = 0; k < these; k++)                                                                       \
                out[k] = (float)made[k];                                                                               \
        }                                                                                                              \
    }

MANY(exp)
MANY(tanh)
MANY(log)

#if !defined(__clang__) && defined(__GNUC__)
#pragma GCC pop_options
#endif
