/* Many objects through the planets' field at once, watched for encounters.
 *
 * Steps are powers of two of a day on one common grid of time, so that all objects of a call share the places of
 * the planets at the nodes of the steps: these are computed once for each block of BLOCK days. Objects do not
 * feel each other; the result for one does not depend on which others are in the call.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>
#include <stdlib.h>

#include "_watch.h"

#define BLOCK 32.0
enum { CACHED_LEVELS = 7, FINEST_LEVEL = 24, STATE_COLUMNS = 9 };
enum { RUNNING = 0, DONE = 1, STRUCK = 2, FAILED = 3 };

typedef struct {
    Motion motion;
    Capture capture;
    double A[3];
    double u, wish; /* time along the direction of integration; wished length of the next step */
    int status, started, body, next_sample;
    long steps;
} Clone;

typedef struct {
    Scene *scenes; /* by level, step, node */
    char *filled;
    double u;
} Block;

typedef struct {
    Ephemeris ephemeris;
    Terms terms;
    double sign, u_end, tolerance, shortest;
    const double *samples; /* along the direction of integration */
    int n_samples;
    double *sampled; /* n x n_samples x 6 */
    Watch watch;
} Run;

static int first_scene(int level, int step) { return ((1 << level) - 1 + step) * NODES; }

/* Scenes at the nodes of a step of the grid, from the block's store or computed for this step alone. */
static void scenes_for(const Run *run, Block *block, double u, double h, int level, Scene *own,
                       const Scene *scenes[NODES])
{
    Scene *first = own;
    int fill = 1;
    if (level >= 0 && level < CACHED_LEVELS) {
        int step = (int)((u - block->u) / h + 0.5), index = first_scene(level, step);
        first = block->scenes + index;
        fill = !block->filled[index];
        block->filled[index] = 1;
    }
    for (int n = 0; n < NODES; n++) {
        if (fill)
            fill_scene(&run->ephemeris, run->sign * u, run->sign * h * NODE[n], first + n);
        scenes[n] = first + n;
    }
}

/* The end of the next step from u: the longest step of the grid that is no longer than the wish and starts
 * there. Where u is off the grid, the step leads onto it; no step leads beyond `until`. `level` is the step's
 * level on the grid, or -1. */
static double next_time(double u, double wish, double until, int *level)
{
    int k = 0, on_finest = ldexp(u, FINEST_LEVEL) == floor(ldexp(u, FINEST_LEVEL));
    double h = BLOCK;
    while (k < FINEST_LEVEL && (h > wish || (on_finest && u != floor(u / h) * h))) {
        h *= 0.5;
        k++;
    }
    double next = (floor(u / h) + 1.0) * h;
    *level = next - u == h ? k : -1;
    if (next > until) {
        *level = -1;
        next = until;
    }
    return next;
}

static void write_samples(const Run *run, Clone *c, double h, double until)
{
    double *out = run->sampled + (size_t)c->next_sample * 6;
    while (c->next_sample < run->n_samples && run->samples[c->next_sample] <= until) {
        double s = (run->samples[c->next_sample] - c->u) / h;
        if (s >= 0.0)
            state_within(&c->motion, s, out, out + 3);
        c->next_sample++;
        out += 6;
    }
}

/* What was met in the step in hand; returns the fraction at which the object struck the Earth or the Moon, else 1. */
static double watch_step(Watch *watch, Clone *c, int last)
{
    double end = 1.0;
    size_t before = watch->encounters->count, kept = before;
    for (int body = EARTH; body <= MOON; body++) {
        double struck = watch_body(watch, &c->motion, body, end, !c->started, last);
        if (struck < INFINITY) {
            end = struck;
            c->status = STRUCK;
            c->body = body;
        }
    }
    /* what the Earth's search met beyond a strike on the Moon is void */
    for (size_t i = before; i < watch->encounters->count; i++) {
        double *row = watch->encounters->rows + i * ENCOUNTER_COLUMNS;
        if ((row[3] - c->motion.t) / c->motion.h <= end || row[1] == c->body)
            memmove(watch->encounters->rows + kept++ * ENCOUNTER_COLUMNS, row, ENCOUNTER_COLUMNS * sizeof *row);
    }
    watch->encounters->count = kept;
    return end;
}

/* The other body, if any, within whose radius the object is at the last node: near a body steps are short. */
static int struck_body(const Run *run, const Motion *m, const Scene *scene)
{
    double x[3];
    state_within(m, NODE[NODES - 1], x, NULL);
    for (int b = 0; b < run->ephemeris.n_bodies; b++) {
        double dx = scene->x[b] - x[0], dy = scene->y[b] - x[1], dz = scene->z[b] - x[2];
        double radius = run->ephemeris.radius[b];
        if (b != EARTH && b != MOON && dx * dx + dy * dy + dz * dz < radius * radius)
            return b;
    }
    return -1;
}

/* One step of one clone. */
static void step(const Run *run, Watch *watch, Block *block, Clone *c, double until)
{
    Motion *m = &c->motion;
    double saved_b[7][3], saved_e[7][3], next, h, size;
    const Scene *scenes[NODES];
    Scene own[NODES];
    int level;
    memcpy(saved_b, m->b, sizeof saved_b);
    memcpy(saved_e, m->e, sizeof saved_e);
    for (;;) {
        next = next_time(c->u, c->wish, until, &level);
        h = next - c->u;
        scenes_for(run, block, c->u, h, level, own, scenes);
        acceleration(&run->ephemeris, &run->terms, scenes[0], m->x, m->v, c->A, m->a0);
        m->h = run->sign * h;
        m->t = run->sign * c->u;
        predict(m, m->h);
        size = solve_step(m, &run->ephemeris, &run->terms, scenes, c->A);
        if (!(size == size)) {
            c->status = FAILED;
            return;
        }
        double tolerance = run->tolerance;
        if (size > tolerance) {
            double x[3], v[3], a[3];
            state_within(m, 1.0, x, v);
            acceleration_within(m, 1.0, a);
            tolerance = fmax(tolerance, rounding_floor(&run->ephemeris, scenes[0], m->x, m->a0));
            tolerance = fmax(tolerance, rounding_floor(&run->ephemeris, scenes[NODES - 1], x, a));
        }
        double ideal = size > 0.0 ? h * pow(tolerance / size, 1.0 / 7.0) : 2.0 * BLOCK;
        c->wish = fmax(ideal, run->shortest);
        if (ideal > 0.4 * h || h <= run->shortest)
            break;
        memcpy(m->b, saved_b, sizeof saved_b);
        memcpy(m->e, saved_e, sizeof saved_e);
    }
    c->steps++;

    int last = next >= run->u_end;
    double end = watch_step(watch, c, last);
    int other = c->status == STRUCK ? -1 : struck_body(run, m, scenes[NODES - 1]);
    if (other >= 0) {
        end = NODE[NODES - 1];
        c->status = STRUCK;
        c->body = other;
    }
    if (watch->captures)
        watch_capture(watch, m, &c->capture, end, !c->started);
    write_samples(run, c, h, c->status == STRUCK ? c->u + end * h : next);
    c->started = 1;
    if (c->status == STRUCK) {
        double x[3], v[3];
        state_within(m, end, x, v);
        memcpy(m->x, x, sizeof x);
        memcpy(m->v, v, sizeof v);
        c->u += end * h;
        return;
    }
    advance(m);
    c->u = next;
    if (last)
        c->status = DONE;
}

static int run_all(Run *run, Clone *clones, Py_ssize_t n, const double *starts)
{
    int n_scenes = ((1 << CACHED_LEVELS) - 1) * NODES, failed = 0;
    Block block = {malloc(sizeof(Scene) * (size_t)n_scenes), malloc((size_t)n_scenes), 0.0};
    if (!block.scenes || !block.filled)
        failed = 1;
    double earliest = INFINITY;
    for (Py_ssize_t i = 0; i < n; i++)
        earliest = fmin(earliest, starts[i]);
    double *sampled = run->sampled;
    for (double k = floor(earliest / BLOCK); !failed && k * BLOCK < run->u_end; k++) {
        double until = fmin((k + 1.0) * BLOCK, run->u_end);
        block.u = k * BLOCK;
        memset(block.filled, 0, (size_t)n_scenes);
        for (Py_ssize_t i = 0; i < n; i++) {
            Clone *c = clones + i;
            Watch watch = run->watch;
            watch.clone = (int)i;
            run->sampled = sampled + (size_t)i * (size_t)run->n_samples * 6;
            while (c->status == RUNNING && c->u < until)
                step(run, &watch, &block, c, until);
        }
    }
    run->sampled = sampled;
    for (Py_ssize_t i = 0; i < n && !failed; i++) {
        Watch watch = run->watch;
        watch.clone = (int)i;
        if (clones[i].capture.inside)
            close_capture(&watch, &clones[i].capture, run->sign * clones[i].u, 1);
    }
    free(block.scenes);
    free(block.filled);
    return failed || run->watch.encounters->failed || run->watch.captured->failed;
}

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
    Py_ssize_t columns = 14, n = state.len / (columns * (Py_ssize_t)sizeof(double));
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
    failed = run_all(&run, clones, n, starts);
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
