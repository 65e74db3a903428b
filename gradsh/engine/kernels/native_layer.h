/* Layer norm's rows for numbers of one type, T: native_normalizing.h includes it behind native_moments.h. normalizing.py
   says what it is; these functions give its results, bit for bit. */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(name, T)

/* m rows of n numbers with mean 0 and variance 1, times w plus b, either of which may be NULL; their means and inverse
   deviations. */
WITH_FMA static void OF(layer_rows_)(const T *x, const T *w, const T *b, double eps, npy_intp m, npy_intp n, T *mean,
                                     T *inverse, T *out)
{
    for (npy_intp i = 0; i < m; i++, x += n, out += n) {
        T variance, middle, part;
        OF(moments_of_)(x, n, &middle, &variance);
        part = (T)1 / (sizeof(T) == 4 ? (T)sqrtf((float)(variance + (T)eps)) : (T)sqrt(variance + (T)eps));
        mean[i] = middle, inverse[i] = part;
        if (w && b)
            for (npy_intp k = 0; k < n; k++)
                out[k] = FUSED((x[k] - middle) * part, w[k], b[k]);
        else if (b)
            for (npy_intp k = 0; k < n; k++)
                out[k] = FUSED(x[k] - middle, part, b[k]);
        else
            for (npy_intp k = 0; k < n; k++)
                out[k] = w ? (x[k] - middle) * part * w[k] : (x[k] - middle) * part;
    }
}

/* The gradients of the rows, in dx, and of the weight, added to dw, row after row; either may be NULL. */
WITH_FMA static void OF(layer_back_)(const T *g, const T *x, const T *mean, const T *inverse, const T *w, npy_intp m,
                                     npy_intp n, T *dx, T *dw)
{
    T share = (T)1 / (T)n;
    for (npy_intp i = 0; i < m; i++, x += n, g += n) {
        T middle = mean[i], part = inverse[i], shift = -part * middle;
        for (npy_intp k = 0; dw && k < n; k++)
            dw[k] = FUSED(g[k], FUSED(x[k], part, shift), dw[k]);
        if (!dx)
            continue;
        T ds, db, slope;
        if (w) {
            for (npy_intp k = 0; k < n; k++)
                dx[k] = g[k] * x[k];
            ds = OF(row_sum_)(dx, w, n, 1), db = OF(row_sum_)(g, w, n, 1);
        }
        else
            ds = OF(row_sum_)(g, x, n, 1), db = OF(row_sum_)(g, NULL, n, 0);
        slope = FUSED(db, middle, -ds) * part * part * part * share;
        shift = FUSED(-slope, middle, -(db * part * share));
        for (npy_intp k = 0; k < n; k++) {
            T moved = w ? g[k] * part * w[k] : g[k] * part;
            dx[k] = FUSED(x[k], slope, moved) + shift;
        }
        dx += n;
    }
}

#undef OF
#undef JOIN
#undef JOIN_
