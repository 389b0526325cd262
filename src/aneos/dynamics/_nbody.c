/* Many objects through the planets' field at once, watched for encounters: the Python side of it.
 *
 * _ephemeris.h: places of the bodies; _forces.h: what they exert; _radau.h: one step; _watch.h: what is met within
 * it; _run.h: all objects over all steps.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdlib.h>

#include "_run.h"

enum { ROW_COLUMNS = 14 };

/* The ephemeris from tuples (start, length, centre, coefficients) and columns of the bodies. The buffers stay
 * held in `views` for as long as the ephemeris is in use. */
static int read_ephemeris(PyObject *tracks, PyObject *bodies, Ephemeris *e, Py_buffer *views, int *n_views)
{
    e->n_tracks = (int)PyList_Size(tracks);
    e->n_bodies = (int)PyList_Size(bodies);
    *n_views = 0;
    if (PyErr_Occurred())
        return -1;
    if (e->n_tracks > MAX_TRACKS || e->n_bodies > MAX_BODIES) {
        PyErr_SetString(PyExc_ValueError, "too many bodies");
        return -1;
    }
    for (int i = 0; i < e->n_tracks; i++) {
        Track *t = &e->tracks[i];
        PyObject *array;
        if (!PyArg_ParseTuple(PyList_GET_ITEM(tracks, i), "ddiO", &t->start, &t->length, &t->centre, &array))
            return -1;
        Py_buffer *view = &views[*n_views];
        if (PyObject_GetBuffer(array, view, PyBUF_C_CONTIGUOUS | PyBUF_FORMAT) < 0)
            return -1;
        (*n_views)++;
        if (view->ndim != 3 || view->shape[1] != 3 || view->shape[2] > MAX_COEFFICIENTS || view->shape[2] < 2 ||
            view->itemsize != 8 || t->centre >= i) {
            PyErr_SetString(PyExc_ValueError, "a track needs float64 coefficients (records, 3, 2 to 32)");
            return -1;
        }
        t->coefficients = view->buf;
        t->records = (int)view->shape[0];
        t->count = (int)view->shape[2];
    }
    for (int b = 0; b < e->n_bodies; b++) {
        if (!PyArg_ParseTuple(PyList_GET_ITEM(bodies, b), "idd", &e->track[b], &e->gm[b], &e->radius[b]))
            return -1;
        if (e->track[b] < 0 || e->track[b] >= e->n_tracks) {
            PyErr_SetString(PyExc_ValueError, "a body names a track that is not there");
            return -1;
        }
    }
    return 0;
}

static PyObject *py_integrate(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *tracks, *bodies;
    Py_buffer state, samples, sampled;
    Run run = {0};
    Table encounters = {.columns = ENCOUNTER_COLUMNS}, captured = {.columns = CAPTURE_COLUMNS};
    double end;
    if (!PyArg_ParseTuple(args, "O!O!(iii)w*dy*w*(dd)idd", &PyList_Type, &tracks, &PyList_Type, &bodies,
                          &run.terms.relativity, &run.terms.sun_j2, &run.terms.earth_harmonics, &state, &end,
                          &samples, &sampled, &run.watch.within[EARTH], &run.watch.within[MOON],
                          &run.watch.captures, &run.tolerance, &run.shortest))
        return NULL;

    PyObject *result = NULL;
    Py_buffer views[MAX_TRACKS];
    int n_views = 0, failed = 1;
    /* rows: position, velocity, A1-A3, start, then out: time, status, body, steps */
    Py_ssize_t columns = ROW_COLUMNS, n = state.len / (columns * (Py_ssize_t)sizeof(double));
    double *rows = state.buf;
    Clone *clones = calloc((size_t)(n ? n : 1), sizeof *clones);
    double *starts = malloc(sizeof *starts * (size_t)(n ? n : 1));
    if (!clones || !starts) {
        PyErr_NoMemory();
        goto done;
    }
    if (read_ephemeris(tracks, bodies, &run.ephemeris, views, &n_views) < 0)
        goto done;
    run.n_samples = (int)(samples.len / (Py_ssize_t)sizeof(double));
    if (sampled.len != n * run.n_samples * 6 * (Py_ssize_t)sizeof(double)) {
        PyErr_SetString(PyExc_ValueError, "the array for sampled states has the wrong size");
        goto done;
    }
    run.samples = samples.buf;
    run.sampled = sampled.buf;
    run.watch.ephemeris = &run.ephemeris;
    run.watch.encounters = &encounters;
    run.watch.captured = &captured;
    run.sign = n && end < rows[9] ? -1.0 : 1.0;
    run.watch.sign = run.sign;
    run.u_end = run.sign * end;

    Py_BEGIN_ALLOW_THREADS;
    for (Py_ssize_t i = 0; i < n; i++) {
        double *row = rows + i * columns;
        Clone *c = clones + i;
        int finite = 1;
        for (int j = 0; j < 10; j++)
            finite = finite && isfinite(row[j]);
        memcpy(c->motion.x, row, 3 * sizeof(double));
        memcpy(c->motion.v, row + 3, 3 * sizeof(double));
        memcpy(c->A, row + 6, 3 * sizeof(double));
        c->u = starts[i] = finite ? run.sign * row[9] : INFINITY;
        c->wish = 1.0;
        c->status = finite ? (c->u < run.u_end ? RUNNING : DONE) : FAILED;
        c->body = -1;
    }
    failed = run_all(&run, clones, (long)n, starts);
    for (Py_ssize_t i = 0; i < n; i++) {
        double *row = rows + i * columns;
        memcpy(row, clones[i].motion.x, 3 * sizeof(double));
        memcpy(row + 3, clones[i].motion.v, 3 * sizeof(double));
        row[10] = run.sign * clones[i].u;
        row[11] = clones[i].status;
        row[12] = clones[i].body;
        row[13] = (double)clones[i].steps;
    }
    Py_END_ALLOW_THREADS;
    if (failed)
        PyErr_NoMemory();
    else
        result = Py_BuildValue(
            "y#y#", encounters.rows ? (char *)encounters.rows : "",
            (Py_ssize_t)(encounters.count * ENCOUNTER_COLUMNS * sizeof(double)),
            captured.rows ? (char *)captured.rows : "",
            (Py_ssize_t)(captured.count * CAPTURE_COLUMNS * sizeof(double)));
done:
    free(clones);
    free(starts);
    free(encounters.rows);
    free(captured.rows);
    for (int i = 0; i < n_views; i++)
        PyBuffer_Release(&views[i]);
    PyBuffer_Release(&state);
    PyBuffer_Release(&samples);
    PyBuffer_Release(&sampled);
    return result;
}

static PyObject *py_body_states(PyObject *self, PyObject *args)
{
    (void)self;
    PyObject *tracks, *bodies, *result = NULL;
    Py_buffer times, out, views[MAX_TRACKS];
    Ephemeris e;
    int body, n_views = 0;
    if (!PyArg_ParseTuple(args, "O!O!iy*w*", &PyList_Type, &tracks, &PyList_Type, &bodies, &body, &times, &out))
        return NULL;
    if (read_ephemeris(tracks, bodies, &e, views, &n_views) == 0) {
        Py_ssize_t n = times.len / (Py_ssize_t)sizeof(double);
        if (body < 0 || body >= e.n_bodies || out.len != times.len * 6)
            PyErr_SetString(PyExc_ValueError, "no such body, or an output of the wrong size");
        else {
            const double *t = times.buf;
            double *rows = out.buf;
            for (Py_ssize_t i = 0; i < n; i++)
                body_at(&e, body, t[i], 0.0, rows + 6 * i, rows + 6 * i + 3);
            result = Py_NewRef(Py_None);
        }
    }
    for (int i = 0; i < n_views; i++)
        PyBuffer_Release(&views[i]);
    PyBuffer_Release(&times);
    PyBuffer_Release(&out);
    return result;
}

static PyMethodDef methods[] = {
    {"integrate", py_integrate, METH_VARARGS, "Integrate and watch; see aneos.dynamics.engine."},
    {"body_states", py_body_states, METH_VARARGS, "Barycentric states of one body at many times."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "aneos.dynamics._nbody", "N-body propagation with encounter search.", -1, methods,
    NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__nbody(void)
{
    radau_init();
    return PyModule_Create(&module);
}
