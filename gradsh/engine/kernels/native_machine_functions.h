/* The machine's instructions of native_elementary.h's functions: without a call, which takes as long as ten numbers. */

typedef void Slopes(const float *restrict, const float *restrict, float *restrict, npy_intp);

typedef struct {
    PyObject *(*entry)(PyObject *, PyObject *const *, Py_ssize_t); /* the function of the module */
    double (*one)(double);
    Many *many;
    Slopes *slopes;
} Elementary;

#define KNOWN(name, f, many) {of_##name, f, many, NULL},
static const Elementary ELEMENTARIES[] = {
    EACH(KNOWN){tanh_backward, NULL, NULL, tanh_slopes}, {sigmoid_backward, NULL, NULL, sigmoid_slopes}};
#undef KNOWN

/* add_function(program, function, x, its owner, … out, its owner): out[...] = function(x, …), one of this module's of
   float32 arrays that lie as `out` does, of fewer elements than threads are used for. */
static PyObject *add_function(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 6);
    PyArrayObject *x[3];
    Instruction *made;
    int given = count == 8 ? 3 : 2, fits = 0;
    if (!program || !(made = next_of(program)) || (fits = operands(program, args + 2, given, x)) < 0)
        return NULL;
    PyCFunction entry = PyCFunction_CheckExact(args[1]) ? PyCFunction_GET_FUNCTION(args[1]) : NULL;
    const Elementary *of = NULL;
    for (size_t k = 0; k < sizeof ELEMENTARIES / sizeof *ELEMENTARIES && entry; k++)
        if ((PyCFunction)(void (*)(void))ELEMENTARIES[k].entry == entry)
            of = &ELEMENTARIES[k];
    npy_intp size = PyArray_SIZE(x[given - 1]);
    if (!fits || !of || (of->slopes ? 3 : 2) != given || size >= LONG || (size > FEW && of->one && !of->many))
        return added_to(program, 0);
    Reach out = reach_of(x[given - 1]);
    for (int k = 0; k < given; k++) {
        Reach in = reach_of(x[k]);
        fits &= is_single((PyObject *)x[k]) && PyArray_SAMESHAPE(x[k], x[given - 1]);
        fits &= k == given - 1 || in.high <= out.low || out.high <= in.low;
        made->at[k] = PyArray_BYTES(x[k]);
    }
    made->size = size;
    made->kind = of->slopes ? SLOPES_OF : size > FEW ? MANY_OF : FEW_OF;
    made->loop = of->slopes ? (Loop)of->slopes : size > FEW ? (Loop)of->many : (Loop)of->one;
    return added_to(program, fits);
}

static void run_few(const Instruction *i)
{
    double (*of)(double) = (double (*)(double))i->loop;
    const float *from = (const float *)i->at[0];
    float *to = (float *)i->at[1];
    for (npy_intp k = 0; k < i->size; k++)
        to[k] = (float)of((double)from[k]);
}
