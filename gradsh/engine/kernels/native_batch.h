/* Batch norm's passes over a channel, for numbers of one type: T, as native_moments.h has it. normalizing.py says what
   they are. */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(name, T)

/* The sum of n numbers and that of their products with what x has beside the centre, as row_sum_ adds them. */
INLINE void OF(row_pair_)(const T *g, const T *x, T centre, npy_intp n, T *total, T *dot)
{
    T sums[LANES], dots[LANES];
    npy_intp k = LANES;
    if (n < LANES) {
        T sum = g[0], products = (x[0] - centre) * g[0];
        for (k = 1; k < n; k++)
            sum += g[k], products += (x[k] - centre) * g[k];
        *total = sum, *dot = products;
        return;
    }
    for (int j = 0; j < LANES; j++)
        sums[j] = g[j], dots[j] = (x[j] - centre) * g[j];
    for (; k + LANES <= n; k += LANES)
        for (int j = 0; j < LANES; j++) {
            sums[j] += g[k + j];
            dots[j] += (x[k + j] - centre) * g[k + j];
        }
    for (int j = 0; k < n; k++, j++)
        sums[j] += g[k], dots[j] = FUSED(x[k] - centre, g[k], dots[j]);
    if (sizeof(T) == 4) {
        for (int half = LANES / 2; half; half /= 2)
            for (int j = 0; j < half; j++)
                sums[j] += sums[j + half], dots[j] += dots[j + half];
    }
    else
        for (int j = 1; j < LANES; j++)
            sums[0] += sums[j], dots[0] += dots[j];
    *total = sums[0], *dot = dots[0];
}

WITH_FMA static void OF(batch_back_)(const void *job, npy_intp start, npy_intp stop)
{
    const Batch *of = job;
    npy_intp n = of->n, s = of->s;
    T count = (T)(n * s);
    for (npy_intp c = start; c < stop; c++) {
        const T *x = (const T *)of->x + c * of->beside[0], *g = (const T *)of->g + c * of->beside[1];
        T *out = of->out ? (T *)of->out + c * of->beside[2] : NULL;
        T inverse = ((const T *)of->inverse)[c], factor = of->factor ? ((const T *)of->factor)[c] : 1, centre = 0;
        T even = 0, pull = 0;
        if (of->mean) {
            double total = -0.0, dot = -0.0;
            centre = ((const T *)of->mean)[c];
            for (npy_intp i = 0; i < n; i++) {
                T sum, products;
                OF(row_pair_)(g + i * of->apart[1], x + i * of->apart[0], centre, s, &sum, &products);
                total += sum, dot += products;
            }
            ((T *)of->sums)[c] = (T)(dot * inverse);
            ((T *)of->sums)[of->c + c] = (T)total;
            even = (T)(total / count);
            pull = -((T)dot * inverse * inverse / count);
        }
        for (npy_intp i = 0; out && i < n; i++) {
            const T *from = g + i * of->apart[1], *beside = x + i * of->apart[0];
            T *to = out + i * of->apart[2];
            if (of->frozen)
                for (npy_intp k = 0; k < s; k++)
                    to[k] = from[k] * inverse;
            else
                for (npy_intp k = 0; k < s; k++)
                    to[k] = FUSED(beside[k] - centre, pull, from[k] - even) * inverse;
            for (npy_intp k = 0; of->factor && k < s; k++)
                to[k] *= factor;
        }
    }
}

WITH_FMA static void OF(batch_shift_)(const void *job, npy_intp start, npy_intp stop)
{
    const Batch *of = job;
    for (npy_intp c = start; c < stop; c++) {
        T scale = ((const T *)of->factor)[c], shift = ((const T *)of->mean)[c];
        for (npy_intp i = 0; i < of->n; i++) {
            const T *from = (const T *)of->x + c * of->beside[0] + i * of->apart[0];
            T *to = (T *)of->out + c * of->beside[2] + i * of->apart[2];
            for (npy_intp k = 0; k < of->s; k++)
                to[k] = FUSED(from[k], scale, shift);
        }
    }
}

WITH_FMA static void OF(batch_moments_)(const void *job, npy_intp start, npy_intp stop)
{
    const Batch *of = job;
    for (npy_intp c = start; c < stop; c++) {
        const T *x = (const T *)of->x + c * of->beside[0];
        T *out = of->out, mean = (T)(OF(channel_)(x, of->apart[0], of->n, of->s, 0, 0) / (double)(of->n * of->s));
        out[c] = mean;
        out[of->c + c] = (T)OF(channel_)(x, of->apart[0], of->n, of->s, mean, 1);
    }
}

#undef OF
#undef JOIN
#undef JOIN_
