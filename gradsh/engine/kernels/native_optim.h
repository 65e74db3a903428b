/* Steps of optimisers on float32 arrays, in place, with the roundings of optim/sweep.py: a multiply-add of up to FUSED
   numbers is rounded once, of more twice. */

#define FUSED_UP_TO 256

INLINE float scaled_sum(float x, float y, float alpha, int once)
{
    return once ? (float)((double)y * alpha + x) : x + y * alpha;
}

typedef struct {
    npy_intp size;
    int once, maximize, decays, shrinks;
    float *p, *g, *m, *v, rate, mu, decay, shrink, weight, beta2, fresh, root, eps;
} Step;

INLINE void sgd_loop(Step s, int once)
{
    for (npy_intp k = 0; k < s.size; k++)
        s.p[k] = scaled_sum(s.p[k], s.g[k], s.rate, once);
}

INLINE void momentum_loop(Step s, int once)
{
    for (npy_intp k = 0; k < s.size; k++) {
        s.m[k] = s.m[k] * s.mu + s.g[k];
        s.p[k] = scaled_sum(s.p[k], s.m[k], s.rate, once);
    }
}

INLINE void adam_loop(Step s, int once)
{
    for (npy_intp k = 0; k < s.size; k++) {
        float p = s.p[k], g = s.maximize ? -s.g[k] : s.g[k], v, u;
        g = s.decays ? scaled_sum(g, p, s.decay, once) : g;
        p = s.shrinks ? p * s.shrink : p;
        s.m[k] = scaled_sum(s.m[k], g - s.m[k], s.weight, once);
        v = s.v[k] * s.beta2;
        s.v[k] = v = scaled_sum(v, g, g * s.fresh, once);
        u = sqrtf(v) / s.root + s.eps;
        s.p[k] = p + s.m[k] * s.rate / u;
    }
}

#define STEP(name)                                                                                                     \
    CLONES static void name##_step(Step s)                                                                             \
    {                                                                                                                  \
        if (s.once)                                                                                                    \
            name##_loop(s, 1);                                                                                         \
        else                                                                                                           \
            name##_loop(s, 0);                                                                                         \
    }

STEP(sgd)
STEP(momentum)
STEP(adam)

/* Whether they are C-contiguous float32 arrays of one size, that lie apart, all but the second to be written. */
static int can_step(PyObject *const *args, Py_ssize_t count)
{
    for (Py_ssize_t k = 0; k < count; k++) {
        if (!is_single(args[k]) || (k != 1 && !PyArray_ISWRITEABLE(ARRAY(args[k]))) ||
            PyArray_SIZE(ARRAY(args[k])) != PyArray_SIZE(ARRAY(args[0])))
            return 0;
        for (Py_ssize_t j = 0; j < k; j++) {
            const char *a = PyArray_BYTES(ARRAY(args[k])), *b = PyArray_BYTES(ARRAY(args[j]));
            npy_intp bytes = PyArray_NBYTES(ARRAY(args[0]));
            if (a < b + bytes && b < a + bytes)
                return 0;
        }
    }
    return 1;
}

/* The number in a 0-d float32 array; 0 and `*given` 0 for None. Anything else leaves `*fits` 0. */
static float number_of(PyObject *x, int *given, int *fits)
{
    *given = x != Py_None;
    if (x == Py_None)
        return 0.0f;
    *fits &= is_single(x) && PyArray_NDIM(ARRAY(x)) == 0;
    return *fits ? *FLOATS(x) : 0.0f;
}

static PyObject *stepped(PyObject *p, Step s, void (*step)(Step))
{
    PyThreadState *state;
    s.size = PyArray_SIZE(ARRAY(p)), s.p = FLOATS(p), s.once = s.size <= FUSED_UP_TO;
    state = s.size >= LONG ? PyEval_SaveThread() : NULL;
    step(s);
    if (state)
        PyEval_RestoreThread(state);
    return Py_NewRef(p);
}

/* sgd(p, g, rate, …) */
static PyObject *sgd(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Step s = {0};
    int given, fits = count > 2 && can_step(args, 2);
    if (!fits || (s.rate = number_of(args[2], &given, &fits), !fits || !given))
        Py_RETURN_NONE;
    s.g = FLOATS(args[1]);
    return stepped(args[0], s, sgd_step);
}

/* momentum(p, g, buffer, rate, mu, …) */
static PyObject *momentum(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Step s = {0};
    int rate, mu, fits = count > 4 && can_step(args, 3);
    if (!fits)
        Py_RETURN_NONE;
    s.rate = number_of(args[3], &rate, &fits), s.mu = number_of(args[4], &mu, &fits);
    if (!fits || !rate || !mu)
        Py_RETURN_NONE;
    s.g = FLOATS(args[1]), s.m = FLOATS(args[2]);
    return stepped(args[0], s, momentum_step);
}

/* adam(p, g, m, v, maximize, decay, shrink, weight, far, beta2, fresh, root, eps, rate) */
static PyObject *adam(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Step s = {0};
    int given = 1, all = 1, fits = count == 14 && args[8] == Py_False && can_step(args, 4);
    if (!fits)
        Py_RETURN_NONE;
    s.maximize = args[4] == Py_True;
    s.decay = number_of(args[5], &s.decays, &fits), s.shrink = number_of(args[6], &s.shrinks, &fits);
    s.weight = number_of(args[7], &given, &fits), all &= given;
    s.beta2 = number_of(args[9], &given, &fits), all &= given;
    s.fresh = number_of(args[10], &given, &fits), all &= given;
    s.root = number_of(args[11], &given, &fits), all &= given;
    s.eps = number_of(args[12], &given, &fits), all &= given;
    s.rate = number_of(args[13], &given, &fits), all &= given;
    if (!fits || !all)
        Py_RETURN_NONE;
    s.g = FLOATS(args[1]), s.m = FLOATS(args[2]), s.v = FLOATS(args[3]);
    return stepped(args[0], s, adam_step);
}
