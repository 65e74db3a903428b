/* The largest number of each window, for numbers of one type: T. pooling.py says what that is. */

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define OF(name) JOIN(name, T)

/* Of windows side by side, so far apart, one number each: what is larger than the best of its window takes its place. */
INLINE void OF(meet_)(const T *x, npy_intp step, npy_intp windows, npy_int32 at, T *best, npy_int32 *where)
{
#define MEET(step)                                                                                                     \
    for (npy_intp k = 0; k < windows; k++) {                                                                           \
        T value = x[k * (step)];                                                                                       \
        int over = value > best[k] || value != value;                                                                  \
        best[k] = over ? value : best[k];                                                                              \
        where[k] = over ? at + (npy_int32)(k * (step)) : where[k];                                                     \
    }
    if (step == 1) {
        MEET(1)
    }
    else if (step == 2) {
        MEET(2)
    }
    else
        MEET(step)
#undef MEET
}

CLONES static void OF(windows_)(const void *job, npy_intp start, npy_intp stop)
{
    const Windows *of = job;
    const npy_intp *size = of->size, *out = of->out;
    npy_intp plane = size[0] * size[1] * size[2], wide = out[2];
    char *room = malloc(wide * (sizeof(T) + sizeof(npy_int32)));
    if (!room) {
        *of->failed = 1;
        return;
    }
    T *best = (T *)room;
    npy_int32 *where = (npy_int32 *)(best + wide);
    for (npy_intp at = start; at < stop; at++) { /* a row of windows */
        npy_intp y = at % out[1], z = at / out[1] % out[0];
        const T *x = (const T *)of->x + at / (out[0] * out[1]) * plane;
        npy_intp deep = z * of->stride[0] - of->padding[0], high = y * of->stride[1] - of->padding[1];
        npy_intp skip[2] = {past(-deep, of->dilation[0]), past(-high, of->dilation[1])};
        npy_intp first = (deep + skip[0] * of->dilation[0]) * size[1] + high + skip[1] * of->dilation[1];
        for (npy_intp k = 0; k < wide; k++) { /* the first one that is no padding */
            npy_intp left = k * of->stride[2] - of->padding[2];
            npy_intp place = first * size[2] + left + past(-left, of->dilation[2]) * of->dilation[2];
            best[k] = -(T)HUGE_VAL;
            where[k] = (npy_int32)place;
        }
        for (npy_intp i = 0; i < of->kernel[0]; i++)
            for (npy_intp j = 0; j < of->kernel[1]; j++)
                for (npy_intp l = 0; l < of->kernel[2]; l++) {
                    npy_intp d = deep + i * of->dilation[0], h = high + j * of->dilation[1];
                    npy_intp ahead = of->padding[2] - l * of->dilation[2], step = of->stride[2];
                    npy_intp from = past(ahead, step), until = past(size[2] + ahead, step);
                    if (d < 0 || d >= size[0] || h < 0 || h >= size[1])
                        continue;
                    until = until < wide ? until : wide;
                    npy_intp place = (d * size[1] + h) * size[2] + from * step - ahead;
                    if (from < until)
                        OF(meet_)(x + place, step, until - from, (npy_int32)place, best + from, where + from);
                }
        memcpy((T *)of->values + at * wide, best, wide * sizeof(T));
        for (npy_intp k = 0; k < wide; k++)
            of->index[at * wide + k] = where[k];
    }
    free(room);
}

CLONES static void OF(put_)(const void *job, npy_intp start, npy_intp stop)
{
    const Put *of = job;
    for (npy_intp p = start; p < stop; p++) {
        const npy_int64 *at = of->index + p * of->count;
        const T *g = (const T *)of->g + p * of->count;
        T *to = (T *)of->out + p * of->plane;
        memset(to, 0, of->plane * sizeof(T));
        for (npy_intp k = 0; k < of->count; k++) {
            if (at[k] < 0 || at[k] >= of->plane) {
                *of->failed = 1;
                return;
            }
            to[at[k]] += g[k];
        }
    }
}

#undef OF
#undef JOIN
#undef JOIN_
