/* Minimum orbit intersection distance (MOID) by branch and bound: the global minimum, with a proof.
 *
 * One orbit, the reference, is an ellipse; the other any conic. In the ellipse's own frame (origin at its
 * centre, z along its normal) a point of the other orbit has height z and signed distance delta from the
 * ellipse within its plane (negative inside), so its distance from the ellipse is hypot(delta, z).
 *
 * The lower bound. Along a straight chord z is linear and delta is convex, for the signed distance from a
 * convex set is a convex function. So over a chord the curve (delta, z) stays in the triangle between its
 * chord and its two end tangents, and the distance from the origin to that triangle bounds the distance from
 * below. The orbit's arc lies within one sagitta of its chord. Both errors fall with the square of the arc.
 *
 * Arcs whose bound exceeds the least distance found so far, less a tolerance, are dropped; others are halved.
 * Points that improve on the least distance are refined by Newton's method on both anomalies. What remains is
 * a minimum that no point of the orbits undercuts by more than the tolerance.
 *
 * The orbit is followed in the universal anomaly s (ds = sqrt(GM) dt / r, s = 0 at perihelion), which serves
 * every conic and in which the acceleration of an ellipse or a parabola never exceeds 1.
 */
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <math.h>

#include "_moid_geometry.h"

enum { RESULT_COLUMNS = 5, FIRST_ARCS = 12, STACK_SIZE = 512 };
enum { POINTS_BEFORE_RELAXING = 10000, MOST_POINTS = 1000000 };

static const double ROUNDING = 1e-12; /* relative: of distances far greater than the tolerance, no more is known */

typedef struct {
    Point left, right;
    double bound;
} Arc;

typedef struct {
    double d2, distance, s, v, bound;
    long points;
    int found;
} Search;

/* Descend from (s, v) to the local minimum of half the squared distance: damped Newton on both anomalies. */
static void refine(const Orbit *o, const Ellipse *k, double s, double v, Search *best)
{
    double cos_v = cos(v), sin_v = sin(v), d2 = INFINITY, next_s = s, next_v = v, step_s = 0.0, step_v = 0.0;
    int halvings = 0;
    for (int i = 0; i < 200; i++) {
        double xy[2], dxy[2], ddxy[2], at[3], rate[3], bend[3];
        follow(o, next_s, xy, dxy, ddxy);
        place(o, xy, at);
        cos_v = cos(next_v);
        sin_v = sin(next_v);
        double x = at[0] + o->centre - k->a * cos_v, y = at[1] - k->b * sin_v, z = at[2];
        double new_d2 = x * x + y * y + z * z;
        if (!(new_d2 < d2)) { /* no descent: try half the step, or stop where steps have become rounding */
            if (halvings++ > 40 || fabs(step_s) + fabs(step_v) < 1e-9)
                break;
            step_s *= 0.5;
            step_v *= 0.5;
            next_s = s + step_s;
            next_v = v + step_v;
            continue;
        }
        d2 = new_d2;
        s = next_s;
        v = next_v;
        halvings = 0;
        place(o, dxy, rate);
        place(o, ddxy, bend);
        double ex = -k->a * sin_v, ey = k->b * cos_v;
        double g1 = x * rate[0] + y * rate[1] + z * rate[2], g2 = -(x * ex + y * ey);
        double h11 = rate[0] * rate[0] + rate[1] * rate[1] + rate[2] * rate[2] + x * bend[0] + y * bend[1] + z * bend[2];
        double h22 = ex * ex + ey * ey + x * k->a * cos_v + y * k->b * sin_v;
        double h12 = -(rate[0] * ex + rate[1] * ey);
        double mean = 0.5 * (h11 + h22), spread = sqrt(0.25 * (h11 - h22) * (h11 - h22) + h12 * h12);
        double floor = 1e-14 * (fabs(mean) + spread);
        if (mean - spread < floor) { /* not convex here: shift the spectrum until it is */
            double shift = floor + 2.0 * (spread - mean) + 1e-3 * spread;
            h11 += shift;
            h22 += shift;
        }
        double det = h11 * h22 - h12 * h12;
        step_s = (h12 * g2 - h22 * g1) / det;
        step_v = (h12 * g1 - h11 * g2) / det;
        next_s = s + step_s;
        next_v = v + step_v;
        if (!(fabs(step_s) + fabs(step_v) > 1e-15))
            break;
    }
    if (d2 < best->d2) {
        best->d2 = d2;
        best->distance = sqrt(d2);
        best->s = s;
        best->v = v;
        best->found = 1;
    }
}

static void offer(const Orbit *o, const Ellipse *k, const Point *p, Search *best)
{
    if (p->d2 < best->d2)
        refine(o, k, p->s, atan2(p->sin_v, p->cos_v), best);
}

static void search(const Orbit *o, const Ellipse *k, double tolerance, Search *best)
{
    Arc stack[STACK_SIZE];
    int depth = 0;
    Point nearest = evaluate(o, k, 0.0);
    double r_max = k->a + o->centre; /* aphelion of the ellipse: a + a e */
    double reach = fmin(sqrt(nearest.d2), best->distance);
    best->points = 1;
    if (o->q > r_max + best->distance) {
        best->bound = o->q - r_max;
        return;
    }
    double half = range_of_s(o, (r_max + reach) * (1.0 + 1e-12));
    best->bound = half * o->root < PI ? reach : INFINITY;
    Point previous = evaluate(o, k, -half);
    for (int i = 1; i <= FIRST_ARCS; i++) {
        Point p = evaluate(o, k, half * (2.0 * i / FIRST_ARCS - 1.0));
        stack[depth++] = (Arc){previous, p, lower_bound(o, &previous, &p)};
        if (p.d2 < nearest.d2)
            nearest = p;
        previous = p;
    }
    best->points += FIRST_ARCS + 1;
    offer(o, k, &nearest, best);
    while (depth > 0 && best->points < MOST_POINTS) {
        Arc arc = stack[--depth];
        if (arc.bound >= best->distance * (1.0 - ROUNDING) - tolerance || depth + 2 > STACK_SIZE) {
            best->bound = fmin(best->bound, arc.bound);
            continue;
        }
        Point middle = evaluate(o, k, 0.5 * (arc.left.s + arc.right.s));
        if (++best->points % POINTS_BEFORE_RELAXING == 0) /* orbits equally far apart all along: ask for less */
            tolerance *= 4.0;
        offer(o, k, &middle, best);
        stack[depth++] = (Arc){arc.left, middle, lower_bound(o, &arc.left, &middle)};
        stack[depth++] = (Arc){middle, arc.right, lower_bound(o, &middle, &arc.right)};
    }
    while (depth > 0)
        best->bound = fmin(best->bound, stack[--depth].bound);
    best->bound = fmin(best->bound, best->distance);
}

/* Result: distance, true anomaly on the orbit, true anomaly on the ellipse, proven lower bound, points used. */
static void report(const Orbit *o, const Ellipse *k, const Search *best, double *out)
{
    double xy[2];
    follow(o, best->s, xy, NULL, NULL);
    out[0] = best->distance;
    out[1] = atan2(xy[1], xy[0]);
    out[2] = atan2(k->b * sin(best->v), k->a * cos(best->v) - o->centre);
    out[3] = best->bound;
    out[4] = (double)best->points;
}

static void solve(const double *row, const double *reference, double max_distance, double tolerance, double *out)
{
    Orbit o;
    Ellipse k;
    for (int i = 0; i < RESULT_COLUMNS; i++)
        out[i] = NAN;
    if (!prepare(row, reference, &o, &k))
        return;
    Search best = {.d2 = max_distance * max_distance, .distance = max_distance};
    search(&o, &k, tolerance, &best);
    if (best.found) {
        report(&o, &k, &best, out);
    } else {
        out[0] = INFINITY;
        out[3] = best.bound;
        out[4] = (double)best.points;
    }
}

/* Every local minimum along the orbit of the distance from the ellipse, in order of s: how many there are.
 *
 * A third of the samples each before, within and after the stretch near the ellipse. On parabolas and
 * hyperbolas nothing lies beyond: there d(d^2)/ds >= 2 |P'| (r sqrt(1/2) - r_max) > 0. */
static int all_minima(const double *row, const double *reference, int samples, double *out, int most)
{
    Orbit o;
    Ellipse k;
    if (!prepare(row, reference, &o, &k))
        return 0;
    int closed = o.alpha > 0.0, found = 0, n = samples / 3;
    double near = range_of_s(&o, fmax(2.0 * o.q, 1.5 * (k.a + o.centre))), end = closed ? PI / o.root : near;
    double edges[4] = {-end, near < end ? -near : -end / 3.0, near < end ? near : end / 3.0, end};
    Point before = evaluate(&o, &k, -end), at = before, after;
    if (closed)
        before = evaluate(&o, &k, end - (end - edges[2]) / n);
    for (int i = 1; i <= 3 * n && found < most; i++) {
        int third = (i - 1) / n;
        after = evaluate(&o, &k, edges[third] + (edges[third + 1] - edges[third]) * (i - third * n) / n);
        if (at.d2 < before.d2 && at.d2 <= after.d2) {
            Search best = {.d2 = INFINITY, .points = i};
            refine(&o, &k, at.s, atan2(at.sin_v, at.cos_v), &best);
            report(&o, &k, &best, out + RESULT_COLUMNS * found++);
        }
        before = at;
        at = after;
    }
    return found;
}

static PyObject *py_solve(PyObject *self, PyObject *args)
{
    Py_buffer rows, references, out;
    double max_distance, tolerance;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*ddw*", &rows, &references, &max_distance, &tolerance, &out))
        return NULL;
    Py_ssize_t row_bytes = ORBIT_COLUMNS * sizeof(double), n = rows.len / row_bytes;
    int shared = references.len == row_bytes;
    int fit = rows.len == n * row_bytes && (shared || references.len == rows.len) &&
              out.len == n * (Py_ssize_t)(RESULT_COLUMNS * sizeof(double)) && tolerance > 0.0 && max_distance >= 0.0;
    if (fit) {
        const double *row = rows.buf, *reference = references.buf;
        double *result = out.buf;
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t i = 0; i < n; i++)
            solve(row + i * ORBIT_COLUMNS, reference + (shared ? 0 : i * ORBIT_COLUMNS), max_distance, tolerance,
                  result + i * RESULT_COLUMNS);
        Py_END_ALLOW_THREADS
    }
    PyBuffer_Release(&rows);
    PyBuffer_Release(&references);
    PyBuffer_Release(&out);
    if (!fit) {
        PyErr_SetString(PyExc_ValueError, "buffers differ in length, or a limit is not positive");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyObject *py_all_minima(PyObject *self, PyObject *args)
{
    Py_buffer row, reference, out;
    int samples, found = -1;
    (void)self;
    if (!PyArg_ParseTuple(args, "y*y*iw*", &row, &reference, &samples, &out))
        return NULL;
    Py_ssize_t row_bytes = ORBIT_COLUMNS * sizeof(double);
    if (row.len == row_bytes && reference.len == row_bytes && samples >= 12)
        found = all_minima(row.buf, reference.buf, samples, out.buf,
                           (int)(out.len / (Py_ssize_t)(RESULT_COLUMNS * sizeof(double))));
    PyBuffer_Release(&row);
    PyBuffer_Release(&reference);
    PyBuffer_Release(&out);
    if (found < 0) {
        PyErr_SetString(PyExc_ValueError, "one row of each orbit and 12 samples or more are needed");
        return NULL;
    }
    return PyLong_FromLong(found);
}

static PyMethodDef methods[] = {
    {"solve", py_solve, METH_VARARGS,
     "solve(rows, references, max_distance, tolerance, out): float64 buffers of 5, 5 (one or as many) and 5 columns."},
    {"all_minima", py_all_minima, METH_VARARGS,
     "all_minima(row, reference, samples, out): number of local minima written to the rows of out."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_moid", "Minimum orbit intersection distance.", -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__moid(void) { return PyModule_Create(&module); }
