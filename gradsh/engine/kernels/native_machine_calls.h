/* The machine's instructions that know Python: its numbers, what goes into lists, calls. */

/* add_number(program, which, x, its owner, y, its owner, out, its owner): of two ints the sum (0), difference (1) or
   product (2), of two floats the quotient (3) or power (4). Where Python would have an int of more bits, raise, or give
   something else than a power of what is above 0, the iteration is none of the program. */
static PyObject *add_number(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 8);
    PyArrayObject *x[3];
    Instruction *made;
    int fits = 0;
    if (!program || !(made = next_of(program)) || (fits = operands(program, args + 2, 3, x)) < 0)
        return NULL;
    long which = PyLong_AsLong(args[1]);
    for (int k = 0; k < 3; k++) {
        fits &= is_number((PyObject *)x[k]) && PyArray_TYPE(x[k]) == (which < 3 ? NPY_INT64 : NPY_FLOAT64);
        made->at[k] = PyArray_BYTES(x[k]);
    }
    made->kind = LONG_ADD + (Kind)which;
    return added_to(program, fits && which >= 0 && which < 5);
}

/* add_decide(program, truth, x, its owner): the iteration is one of the program only where this number is so. */
static PyObject *add_decide(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 4);
    PyArrayObject *x[1];
    Instruction *made;
    int fits = 0;
    if (!program || !(made = next_of(program)) || (fits = operands(program, args + 2, 1, x)) < 0)
        return NULL;
    made->kind = DECIDE;
    made->at[0] = PyArray_BYTES(x[0]);
    made->size = PyArray_TYPE(x[0]);
    made->around = args[1] == Py_True;
    return added_to(program, fits && is_number((PyObject *)x[0]));
}

/* add_out(program, how, x, its owner): what each iteration gives: the array, copied (0), or what is in it as one of
   NumPy's scalars (1) or of Python's numbers (2). */
static PyObject *add_out(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 4);
    PyArrayObject *x[1];
    Instruction *made;
    if (!program || !(made = next_of(program)) || operands(program, args + 2, 1, x) < 0)
        return NULL;
    long how = PyLong_AsLong(args[1]);
    made->kind = OUT;
    made->around = (int)how;
    made->of.arrays[0] = x[0];
    return added_to(program, how == 0 || (how == 1 && !PyArray_NDIM(x[0])) || (how == 2 && is_number((PyObject *)x[0])));
}

static int run_out(const Instruction *i, PyObject *outs)
{
    PyArrayObject *x = i->of.arrays[0];
    PyObject *made = i->around == 0   ? PyArray_NewCopy(x, NPY_CORDER)
                     : i->around == 1 ? PyArray_ToScalar(PyArray_DATA(x), x)
                                      : pythons_number(x);
    int failed = !made || PyList_Append(outs, made) < 0;
    Py_XDECREF(made);
    return -failed;
}

static int is_true(const Instruction *i)
{
    return i->size == NPY_FLOAT64 ? *(double *)i->at[0] != 0 : i->size == NPY_INT64 ? *(npy_int64 *)i->at[0] != 0 : *(npy_bool *)i->at[0];
}

/* add_call(program, function, names, scalars, numbers, type, out, argument, …): out[...] = function(…), where the last
   arguments have those names. Those whose bits are set in `scalars` or `numbers` are 0-d arrays here, which the function
   gets as NumPy's scalars or Python's numbers. `type`: None, or what the result must be, a number of Python's; `out`: an
   array, or None where the result is of no use. */
static PyObject *add_call(PyObject *Py_UNUSED(self), PyObject *const *args, Py_ssize_t count)
{
    Program *program = opened_program(args, count, 7);
    Instruction *made;
    if (!program || !(made = next_of(program)))
        return NULL;
    npy_uint64 scalars = PyLong_AsUnsignedLongLong(args[3]), numbers = PyLong_AsUnsignedLongLong(args[4]);
    if (PyErr_Occurred())
        return NULL;
    int fits = count <= 7 + 60 && PyTuple_Check(args[2]) && PyTuple_GET_SIZE(args[2]) <= count - 7 &&
               (args[6] == Py_None || PyArray_Check(args[6])) &&
               (args[5] == Py_None || (PyType_Check(args[5]) && is_number(args[6])));
    for (Py_ssize_t k = 7; k < count && fits; k++)
        fits &= (!(scalars >> (k - 7) & 1) || (PyArray_Check(args[k]) && !PyArray_NDIM((PyArrayObject *)args[k]))) &&
                (!(numbers >> (k - 7) & 1) || is_number(args[k]));
    if (!fits) {
        PyErr_SetString(PyExc_TypeError, "a call that no instruction can be");
        return NULL;
    }
    PyObject *kept = PyTuple_New(count - 1);
    if (!kept)
        return NULL;
    for (Py_ssize_t k = 1; k < count; k++)
        PyTuple_SET_ITEM(kept, k - 1, Py_NewRef(args[k]));
    int failed = PyList_Append(program->kept, kept);
    Py_DECREF(kept);
    if (failed < 0)
        return NULL;
    Call *call = made->of.call = PyMem_Malloc(sizeof(Call) + (count - 6) * sizeof(PyObject *));
    if (!call)
        return PyErr_NoMemory();
    *call = (Call){args[1], PyTuple_GET_SIZE(args[2]) ? args[2] : NULL, args[6] == Py_None ? NULL : args[6],
                   count - 7 - PyTuple_GET_SIZE(args[2]), scalars, numbers,
                   args[5] == Py_None ? NULL : (PyTypeObject *)args[5]};
    call->given[0] = NULL; /* the callee may use the place before the arguments */
    memcpy(call->given + 1, args + 7, (count - 7) * sizeof(PyObject *));
    made->kind = CALL;
    return added_to(program, 1);
}

/* out[...] = x, of the same shape. */
static int put_into(PyArrayObject *out, PyObject *x)
{
    if (PyArray_CheckScalar(x)) {
        PyArray_Descr *descr = PyArray_DescrFromScalar(x);
        int same = descr && descr->type_num == PyArray_TYPE(out) && !PyArray_NDIM(out);
        Py_XDECREF(descr);
        if (same) {
            PyArray_ScalarAsCtype(x, PyArray_DATA(out));
            return 0;
        }
    }
    PyArrayObject *array = (PyArrayObject *)PyArray_FROM_O(x);
    if (!array)
        return -1;
    int failed = -1;
    if (PyArray_NDIM(array) != PyArray_NDIM(out) ||
        !PyArray_CompareLists(PyArray_DIMS(array), PyArray_DIMS(out), PyArray_NDIM(out)))
        PyErr_SetString(PyExc_ValueError, "an instruction came to another shape");
    else if (PyArray_TYPE(array) == PyArray_TYPE(out) && PyArray_IS_C_CONTIGUOUS(array) && PyArray_IS_C_CONTIGUOUS(out) &&
             PyArray_ISBEHAVED(out) && PyArray_ISBEHAVED_RO(array) && !PyArray_HASFIELDS(out)) {
        memmove(PyArray_DATA(out), PyArray_DATA(array), PyArray_NBYTES(out));
        failed = 0;
    }
    else
        failed = PyArray_CopyInto(out, array);
    Py_DECREF(array);
    return failed;
}

/* Where a number goes: 1 where it is of another type, or does not fit. */
static int put_number(Call *call, PyObject *x)
{
    void *out = PyArray_DATA((PyArrayObject *)call->out);
    int overflow = 0;
    if (Py_TYPE(x) != call->type)
        return 1;
    if (PyFloat_CheckExact(x))
        *(double *)out = PyFloat_AS_DOUBLE(x);
    else if (PyBool_Check(x))
        *(npy_bool *)out = x == Py_True;
    else
        *(npy_int64 *)out = PyLong_AsLongLongAndOverflow(x, &overflow);
    return overflow != 0;
}

/* 0, 1 where the iteration is none of the program, -1 with an exception. */
static int run_call(const Instruction *i)
{
    Call *call = i->of.call;
    Py_ssize_t all = call->count + (call->names ? PyTuple_GET_SIZE(call->names) : 0), made = 0;
    npy_uint64 fresh = call->scalars | call->numbers;
    PyObject *given[64], **from = call->given, *result = NULL;
    if (fresh) { /* a copy: what is made for one run is gone after it */
        memcpy(given, from, (all + 1) * sizeof *given);
        from = given;
        for (; made < all; made++)
            if (fresh >> made & 1) {
                PyArrayObject *array = (PyArrayObject *)call->given[made + 1];
                given[made + 1] = call->numbers >> made & 1 ? pythons_number(array) : PyArray_ToScalar(PyArray_DATA(array), array);
                if (!given[made + 1])
                    break;
            }
    }
    if (!fresh || made == all)
        result = PyObject_Vectorcall(call->function, from + 1, call->count | PY_VECTORCALL_ARGUMENTS_OFFSET, call->names);
    while (made-- > 0)
        if (fresh >> made & 1)
            Py_DECREF(given[made + 1]);
    if (!result)
        return -1;
    int failed = call->type ? put_number(call, result) : call->out ? put_into((PyArrayObject *)call->out, result) : 0;
    Py_DECREF(result);
    return failed;
}

