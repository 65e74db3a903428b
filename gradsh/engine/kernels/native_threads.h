/* Work on large arrays in parts, shared by as many threads as gradsh may use, and NumPy's own loops shared that way where
   the process is gradsh's own (compiled.py): in somebody else's Python NumPy stays as it is.

   The threads are begun by the first work that is large enough, know nothing of Python, take no signals, and wait for
   the next work: awake for some microseconds, as one operator follows another, then asleep. Who has work takes part in
   it, and takes all that no other has begun: on a busy machine nobody waits for a thread that does not run. Where the
   system gives no thread, after a fork, or while another thread of Python has its work shared, it is done by oneself. */

typedef void Part(const void *job, npy_intp start, npy_intp stop);

#if defined(__GNUC__) && (defined(__unix__) || defined(__APPLE__))
#define SHARES 1
#include <fenv.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>

#define MOST_THREADS 8
#define AWAKE 4000        /* looks for work until a thread sleeps: some 50 us */
#define STACK (1 << 18)   /* bytes; it is counted as the process's memory */

static struct {
    pthread_mutex_t lock; /* of those that sleep */
    pthread_cond_t wake;
    int threads, begun;   /* how many to use, the caller's own with them; how many others there are */
    int busy, open, inside, asleep;
    unsigned round;
    Part *part;
    const void *job;
    npy_intp step;
    int raised;           /* flags of floating point that were raised by others */
    struct {
        npy_intp next, end;
        char apart[48];   /* of the cache's lines */
    } left[MOST_THREADS];
} POOL = {.lock = PTHREAD_MUTEX_INITIALIZER, .wake = PTHREAD_COND_INITIALIZER};

#define LOOK(x) __atomic_load_n(&(x), __ATOMIC_SEQ_CST)
#define PUT(x, value) __atomic_store_n(&(x), value, __ATOMIC_SEQ_CST)
#define ADD(x, value) __atomic_fetch_add(&(x), value, __ATOMIC_SEQ_CST)

static inline void moment(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#endif
}

/* Take what is left: one's own share first, for what is in one's cache, then that of the others. */
static void take_part(int self, int threads)
{
    for (int k = 0; k < threads; k++) {
        int of = (self + k) % threads;
        npy_intp start, end = POOL.left[of].end;
        while ((start = ADD(POOL.left[of].next, POOL.step)) < end)
            POOL.part(POOL.job, start, end - start < POOL.step ? end : start + POOL.step);
    }
}

static void *worker(void *number)
{
    int self = (int)(npy_intp)number;
    unsigned seen = 0;
    for (;;) {
        for (int looks = 0; LOOK(POOL.round) == seen && looks < AWAKE; looks++)
            moment();
        if (LOOK(POOL.round) == seen) {
            pthread_mutex_lock(&POOL.lock);
            ADD(POOL.asleep, 1);
            while (LOOK(POOL.round) == seen)
                pthread_cond_wait(&POOL.wake, &POOL.lock);
            ADD(POOL.asleep, -1);
            pthread_mutex_unlock(&POOL.lock);
        }
        seen = LOOK(POOL.round);
        ADD(POOL.inside, 1);
        if (LOOK(POOL.open)) { /* whoever has the work waits for those inside, once it is closed */
            feclearexcept(FE_ALL_EXCEPT);
            take_part(self, POOL.threads);
            __atomic_fetch_or(&POOL.raised, fetestexcept(FE_ALL_EXCEPT), __ATOMIC_SEQ_CST);
        }
        ADD(POOL.inside, -1);
    }
    return NULL;
}

/* A fork has none of the threads. */
static void forked(void)
{
    POOL.lock = (pthread_mutex_t)PTHREAD_MUTEX_INITIALIZER;
    POOL.wake = (pthread_cond_t)PTHREAD_COND_INITIALIZER;
    POOL.begun = POOL.busy = POOL.open = POOL.inside = POOL.asleep = 0;
}

static void begin_threads(void)
{
    pthread_attr_t how;
    sigset_t all, before;
    pthread_t thread;
    if (pthread_attr_init(&how))
        return;
    sigfillset(&all);
    pthread_attr_setstacksize(&how, STACK);
    pthread_attr_setdetachstate(&how, PTHREAD_CREATE_DETACHED);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (POOL.begun < POOL.threads - 1) {
        if (pthread_create(&thread, &how, worker, (void *)(npy_intp)(POOL.begun + 1))) {
            POOL.threads = POOL.begun + 1; /* the system gives no more of them */
            break;
        }
        POOL.begun++;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&how);
}

/* `part` of all from 0 to size, `step` at a time, in any order and at the same time. */
static void shared(Part *part, const void *job, npy_intp size, npy_intp step)
{
    if (size < 2 * step || POOL.threads < 2 || __atomic_exchange_n(&POOL.busy, 1, __ATOMIC_SEQ_CST)) {
        part(job, 0, size);
        return;
    }
    if (POOL.begun < POOL.threads - 1)
        begin_threads();
    int threads = POOL.threads;
    npy_intp share = (size / step + threads - 1) / threads * step;
    POOL.part = part, POOL.job = job, POOL.step = step, POOL.raised = 0;
    for (int k = 0; k < threads; k++) {
        POOL.left[k].next = share * k;
        POOL.left[k].end = k == threads - 1 || share * (k + 1) > size ? size : share * (k + 1);
    }
    PUT(POOL.open, 1);
    ADD(POOL.round, 1);
    if (LOOK(POOL.asleep)) {
        pthread_mutex_lock(&POOL.lock);
        pthread_cond_broadcast(&POOL.wake);
        pthread_mutex_unlock(&POOL.lock);
    }
    take_part(0, threads);
    PUT(POOL.open, 0);
    for (int looks = 0; LOOK(POOL.inside); looks++)
        if (looks < AWAKE)
            moment();
        else
            sched_yield();
    feraiseexcept(POOL.raised);
    PUT(POOL.busy, 0);
}

#else
#define SHARES 0

static void shared(Part *part, const void *job, npy_intp size, npy_intp step)
{
    (void)step;
    part(job, 0, size);
}
#endif

/* --- NumPy's loops ---------------------------------------------------------------------------------------------- */

#define SPREAD (1 << 16) /* elements from which it pays */
#define EACH_PART (1 << 14) /* of a part; a multiple of any vector, so that all lie in vectors as they would alone */

typedef struct {
    PyUFuncGenericFunction loop;
    char **args;
    npy_intp const *steps;
    void *data;
    int operands;
} Spread;

static void spread_part(const void *job, npy_intp start, npy_intp stop)
{
    const Spread *s = job;
    char *at[3];
    npy_intp n = stop - start;
    for (int i = 0; i < s->operands; i++)
        at[i] = s->args[i] + start * s->steps[i];
    s->loop(at, &n, s->steps, s->data);
}

/* Whether no element of the result lies where another one is read; one that is not moved on is a sum. */
static int is_apart(char **args, npy_intp n, npy_intp const *steps, int operands)
{
    int last = operands - 1;
    char *to = args[last];
    if (steps[last] <= 0)
        return 0;
    for (int i = 0; i < last; i++) {
        char *from = args[i], *until = from + n * steps[i];
        if (steps[i] < 0 || ((from != to || steps[i] != steps[last]) && from < to + n * steps[last] &&
                             to < (steps[i] ? until : from + 16)))
            return 0;
    }
    return 1;
}

static void spread(PyUFuncGenericFunction loop, char **args, npy_intp const *size, npy_intp const *steps, void *data,
                   int operands)
{
    if (*size < SPREAD || !is_apart(args, *size, steps, operands)) {
        loop(args, size, steps, data);
        return;
    }
    Spread job = {loop, args, steps, data, operands};
    shared(spread_part, &job, *size, EACH_PART);
}

/* NumPy's name, operands, and of the last one whether it is a bool */
#define LOOPS(F)                                                                                                       \
    F(add, 3, 0) F(subtract, 3, 0) F(multiply, 3, 0) F(divide, 3, 0) F(maximum, 3, 0) F(minimum, 3, 0)                 \
    F(greater, 3, 1) F(greater_equal, 3, 1) F(less, 3, 1) F(less_equal, 3, 1) F(equal, 3, 1) F(not_equal, 3, 1)        \
    F(negative, 2, 0) F(absolute, 2, 0) F(sqrt, 2, 0) F(square, 2, 0) F(reciprocal, 2, 0) F(sign, 2, 0)

#define SPREAD_LOOP(name, operands, type)                                                                              \
    static PyUFuncGenericFunction name##_##type##_alone;                                                               \
    static void name##_##type(char **args, npy_intp const *size, npy_intp const *steps, void *data)                    \
    {                                                                                                                  \
        spread(name##_##type##_alone, args, size, steps, data, operands);                                              \
    }
#define SPREAD_LOOPS(name, operands, truth) SPREAD_LOOP(name, operands, FLOAT) SPREAD_LOOP(name, operands, DOUBLE)

LOOPS(SPREAD_LOOPS)

typedef struct {
    PyUFuncGenericFunction with, *alone;
    void *data;
} InnerLoop;

#define LOOP_OF(name, operands, truth)                                                                                 \
    {#name, operands, truth, {{name##_FLOAT, &name##_FLOAT_alone, NULL}, {name##_DOUBLE, &name##_DOUBLE_alone, NULL}}},

static struct {
    const char *name;
    int operands, truth;
    InnerLoop loops[2]; /* of float32, of float64 */
} UFUNCS[] = {LOOPS(LOOP_OF)};

#define UFUNC_COUNT (int)(sizeof UFUNCS / sizeof *UFUNCS)

/* Find NumPy's loops, or put the shared ones in their place; what is not there stays as it is. */
static void numpys_loops(PyObject *numpy, int replace)
{
    for (int u = 0; u < 2 * UFUNC_COUNT; u++) {
        InnerLoop *loop = &UFUNCS[u / 2].loops[u % 2];
        int operands = UFUNCS[u / 2].operands, type = u % 2 ? NPY_DOUBLE : NPY_FLOAT, types[3] = {type, type, type};
        if (UFUNCS[u / 2].truth)
            types[operands - 1] = NPY_BOOL;
        PyUFuncObject *ufunc = (PyUFuncObject *)PyObject_GetAttrString(numpy, UFUNCS[u / 2].name);
        int known = ufunc && Py_IS_TYPE(ufunc, &PyUFunc_Type) && ufunc->nargs == operands;
        for (int at = 0; known && !replace && at < ufunc->ntypes; at++) {
            int same = 1;
            for (int i = 0; i < operands; i++)
                same &= ufunc->types[at * operands + i] == types[i];
            if (same && !*loop->alone) {
                *loop->alone = ufunc->functions[at];
                loop->data = ufunc->data ? ((void **)ufunc->data)[at] : NULL;
            }
        }
        if (known && replace && *loop->alone)
            PyUFunc_ReplaceLoopBySignature(ufunc, loop->with, types, NULL);
        PyErr_Clear();
        Py_XDECREF(ufunc);
    }
}

/* share_loops(): from now on NumPy's own loops over large arrays are shared too, for all that runs in this process. */
static PyObject *share_loops(PyObject *Py_UNUSED(self), PyObject *const *Py_UNUSED(args), Py_ssize_t Py_UNUSED(count))
{
#if SHARES
    PyObject *numpy = PyImport_ImportModule("numpy");
    if (!numpy)
        return NULL;
    numpys_loops(numpy, 1);
    Py_DECREF(numpy);
#endif
    Py_RETURN_NONE;
}

/* threads(n): from now on large work of the kernels in C is shared by n threads. To be called before share_loops. */
static PyObject *threads(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    long wanted = count == 1 ? PyLong_AsLong(args[0]) : 1;
    if (PyErr_Occurred())
        return NULL;
#if SHARES
    static int ready;
    if (!ready) {
        PyObject *numpy = PyImport_ImportModule("numpy");
        if (!numpy)
            return NULL;
        ready = 1;
        pthread_atfork(NULL, NULL, forked);
        numpys_loops(numpy, 0);
        Py_DECREF(numpy);
    }
    POOL.threads = wanted < 1 ? 1 : wanted > MOST_THREADS ? MOST_THREADS : (int)wanted;
    if (POOL.begun >= POOL.threads)
        POOL.threads = POOL.begun + 1;
#endif
    Py_RETURN_NONE;
}
