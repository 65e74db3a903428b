/* Patches of images as the columns of a matrix and back, for numbers of one type: T. convolution.py says what they are. */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(name, T)

/* [p, n] of n rows of p numbers, so far apart. */
INLINE void OF(turn_)(const T *x, npy_intp apart, T *out, npy_intp n, npy_intp p)
{
    if (n == 8) { /* so that the compiler knows it */
        for (npy_intp k = 0; k < p; k++)
            for (npy_intp i = 0; i < 8; i++)
                out[k * 8 + i] = x[i * apart + k];
        return;
    }
    for (npy_intp k = 0; k < p; k++)
        for (npy_intp i = 0; i < n; i++)
            out[k * n + i] = x[i * apart + k];
}

/* Its way back: rows of [p, n]. */
INLINE void OF(turn_back_)(const T *x, T *out, npy_intp apart, npy_intp n, npy_intp p)
{
    if (n == 8) {
        for (npy_intp k = 0; k < p; k++)
            for (npy_intp i = 0; i < 8; i++)
                out[i * apart + k] = x[k * 8 + i];
        return;
    }
    for (npy_intp k = 0; k < p; k++)
        for (npy_intp i = 0; i < n; i++)
            out[i * apart + k] = x[k * n + i];
}

CLONES static void OF(turned_)(const void *job, npy_intp start, npy_intp stop)
{
    const Images *of = job;
    npy_intp p = of->size[0] * of->size[1];
    for (npy_intp c = start; c < stop; c++)
        OF(turn_)((const T *)of->images + c * of->beside, of->apart, (T *)of->columns + c * p * of->n, of->n, p);
}

CLONES static void OF(turned_back_)(const void *job, npy_intp start, npy_intp stop)
{
    const Images *of = job;
    npy_intp p = of->size[0] * of->size[1];
    for (npy_intp c = start; c < stop; c++)
        OF(turn_back_)((const T *)of->columns + c * p * of->n, (T *)of->images + c * of->beside, of->apart, of->n, p);
}

CLONES static void OF(patches_)(const void *job, npy_intp start, npy_intp stop)
{
    const Images *of = job;
    npy_intp n = of->n, height = of->size[0], width = of->size[1], wide = of->places[1] * n;
    T *turned = n > 1 ? malloc(height * width * n * sizeof(T)) : NULL;
    T *to = (T *)of->columns + start * of->kernel[0] * of->kernel[1] * of->places[0] * wide;
    if (n > 1 && !turned) {
        *of->failed = 1;
        return;
    }
    for (npy_intp c = start; c < stop; c++) {
        const T *plane = (const T *)of->images + c * of->beside;
        if (n > 1) {
            OF(turn_)(plane, of->apart, turned, n, height * width);
            plane = turned;
        }
        for (npy_intp at = 0; at < of->kernel[0] * of->kernel[1]; at++) {
            npy_intp i = at / of->kernel[1], j = at % of->kernel[1], first, end, skip = of->stride[1];
            npy_intp left = inside(of, 1, j, &first, &end);
            for (npy_intp y = 0; y < of->places[0]; y++, to += wide) {
                npy_intp row = y * of->stride[0] - of->padding[0] + i * of->dilation[0];
                if (row < 0 || row >= height || first == end) {
                    memset(to, 0, wide * sizeof(T));
                    continue;
                }
                const T *from = plane + (row * width + left) * n;
                memset(to, 0, first * n * sizeof(T));
                if (skip == 1)
                    memcpy(to + first * n, from, (end - first) * n * sizeof(T));
                else if (n == 1)
                    for (npy_intp k = 0; k < end - first; k++)
                        to[first + k] = from[k * skip];
                else
                    for (npy_intp k = 0; k < end - first; k++)
                        memcpy(to + (first + k) * n, from + k * skip * n, n * sizeof(T));
                memset(to + end * n, 0, (of->places[1] - end) * n * sizeof(T));
            }
        }
    }
    free(turned);
}

CLONES static void OF(added_patches_)(const void *job, npy_intp start, npy_intp stop)
{
    const Images *of = job;
    npy_intp n = of->n, height = of->size[0], width = of->size[1], wide = of->places[1] * n;
    T *turned = n > 1 ? malloc(height * width * n * sizeof(T)) : NULL;
    const T *from = (const T *)of->columns + start * of->kernel[0] * of->kernel[1] * of->places[0] * wide;
    if (n > 1 && !turned) {
        *of->failed = 1;
        return;
    }
    for (npy_intp c = start; c < stop; c++) {
        T *image = (T *)of->images + c * of->beside, *plane = n > 1 ? turned : image;
        memset(plane, 0, height * width * n * sizeof(T));
        for (npy_intp at = 0; at < of->kernel[0] * of->kernel[1]; at++) {
            npy_intp i = at / of->kernel[1], j = at % of->kernel[1], first, end, skip = of->stride[1];
            npy_intp left = inside(of, 1, j, &first, &end);
            for (npy_intp y = 0; y < of->places[0]; y++, from += wide) {
                npy_intp row = y * of->stride[0] - of->padding[0] + i * of->dilation[0];
                if (row < 0 || row >= height || first == end)
                    continue;
                T *to = plane + (row * width + left) * n;
                const T *some = from + first * n;
                if (skip == 1)
                    for (npy_intp k = 0; k < (end - first) * n; k++)
                        to[k] += some[k];
                else
                    for (npy_intp k = 0; k < end - first; k++)
                        for (npy_intp b = 0; b < n; b++)
                            to[k * skip * n + b] += some[k * n + b];
            }
        }
        if (n > 1)
            OF(turn_back_)(turned, image, of->apart, n, height * width);
    }
    free(turned);
}

#undef OF
#undef JOIN
#undef JOIN_
