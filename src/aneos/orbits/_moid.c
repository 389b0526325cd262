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

enum { ORBIT_COLUMNS = 5, RESULT_COLUMNS = 5, FIRST_ARCS = 12, STACK_SIZE = 512, POINTS_BEFORE_RELAXING = 10000 };

static const double PI = 3.14159265358979323846;

typedef struct {
    double a, b, a2, b2, c2; /* semi-axes, their squares and a2 - b2 */
} Ellipse;

typedef struct {
    double q, e, alpha, root, width; /* alpha = 1/a, root = sqrt|alpha|, width = sqrt(q (1 + e)) */
    double toward[3], ahead[3];      /* perifocal axes in the ellipse's frame */
    double centre;                   /* x of the Sun in the ellipse's frame */
} Orbit;

typedef struct {
    double s, x, y, z;     /* anomaly and place on the orbit */
    double delta, nx, ny;  /* signed distance from the ellipse in its plane, and the outward unit normal */
    double cos_v, sin_v;   /* nearest point of the ellipse */
    double d2;             /* squared distance */
} Point;

typedef struct {
    Point left, right;
    double bound;
} Arc;

typedef struct {
    double d2, distance, s, v, bound;
    long points;
    int found;
} Search;

/* Place on the orbit, optionally with its first and second derivative, in the perifocal plane. */
static void follow(const Orbit *o, double s, double xy[2], double dxy[2], double ddxy[2])
{
    double c0, sc1, ssc2;
    if (o->alpha > 0.0) {
        double sine = sin(0.5 * o->root * s), cosine = cos(0.5 * o->root * s);
        c0 = 1.0 - 2.0 * sine * sine;
        sc1 = 2.0 * sine * cosine / o->root;
        ssc2 = 2.0 * sine * sine / o->alpha;
    } else if (o->alpha < 0.0) {
        double sine = sinh(0.5 * o->root * s), cosine = cosh(0.5 * o->root * s);
        c0 = 1.0 + 2.0 * sine * sine;
        sc1 = 2.0 * sine * cosine / o->root;
        ssc2 = -2.0 * sine * sine / o->alpha;
    } else {
        c0 = 1.0;
        sc1 = s;
        ssc2 = 0.5 * s * s;
    }
    xy[0] = o->q - ssc2;
    xy[1] = o->width * sc1;
    if (dxy) {
        dxy[0] = -sc1;
        dxy[1] = o->width * c0;
        ddxy[0] = -c0;
        ddxy[1] = -o->width * o->alpha * sc1;
    }
}

/* Nearest point of the ellipse to (x, y): the root t >= -b2 of (a x/(t + a2))^2 + (b y/(t + b2))^2 = 1,
 * found in tau = t + b2 by Newton's method from the left, where the function is convex and falls. */
static void project(const Ellipse *k, Point *p)
{
    double ax = k->a * fabs(p->x), by = k->b * fabs(p->y), cos_v, sin_v;
    double tau = sqrt(ax * ax + by * by) - k->c2;
    if (by > 1e-14 * k->b2) {
        if (tau < by)
            tau = by;
        for (int i = 0; i < 100; i++) {
            double far = tau + k->c2, ux = ax / far, uy = by / tau;
            double fx = ux * ux, fy = uy * uy;
            double step = 0.5 * (fx + fy - 1.0) / (fx / far + fy / tau);
            tau += step;
            if (step < 1e-8 * tau)
                break;
        }
        cos_v = ax / (tau + k->c2);
        sin_v = by / tau;
    } else if (tau > 0.0) {
        cos_v = 1.0;
        sin_v = by / tau;
    } else { /* on the major axis between the centres of curvature */
        tau = 0.0;
        cos_v = k->c2 > 0.0 ? ax / k->c2 : 0.0;
        sin_v = sqrt(1.0 - cos_v * cos_v);
    }
    double nx = cos_v / k->a, ny = sin_v / k->b, norm = sqrt(nx * nx + ny * ny);
    p->delta = (tau - k->b2) * norm;
    p->nx = copysign(nx / norm, p->x);
    p->ny = copysign(ny / norm, p->y);
    p->cos_v = copysign(cos_v, p->x);
    p->sin_v = copysign(sin_v, p->y);
    p->d2 = p->delta * p->delta + p->z * p->z;
}

static void place(const Orbit *o, const double xy[2], double out[3])
{
    for (int i = 0; i < 3; i++)
        out[i] = xy[0] * o->toward[i] + xy[1] * o->ahead[i];
}

static Point evaluate(const Orbit *o, const Ellipse *k, double s)
{
    Point p;
    double xy[2], at[3];
    follow(o, s, xy, NULL, NULL);
    place(o, xy, at);
    p.s = s;
    p.x = at[0] + o->centre;
    p.y = at[1];
    p.z = at[2];
    project(k, &p);
    return p;
}

/* Squared distance from the origin to the segment from (x0, y0) to (x1, y1). */
static double to_segment(double x0, double y0, double x1, double y1)
{
    double dx = x1 - x0, dy = y1 - y0, length2 = dx * dx + dy * dy;
    double along = -(x0 * dx + y0 * dy);
    if (along <= 0.0 || length2 == 0.0)
        return x0 * x0 + y0 * y0;
    if (along >= length2)
        return x1 * x1 + y1 * y1;
    double across = x0 * dy - y0 * dx;
    return across * across / length2;
}

/* No point of the arc from p to r is nearer to the ellipse than this. */
static double lower_bound(const Orbit *o, const Point *p, const Point *r)
{
    double dx = r->x - p->x, dy = r->y - p->y, ds = r->s - p->s;
    double start = p->nx * dx + p->ny * dy, end = r->nx * dx + r->ny * dy;
    double t = end > start ? (end - (r->delta - p->delta)) / (end - start) : 0.5;
    t = t < 0.0 ? 0.0 : t > 1.0 ? 1.0 : t;
    double x0 = p->delta, y0 = p->z, x1 = x0 + t * start, y1 = y0 + t * (r->z - p->z), x2 = r->delta, y2 = r->z;
    double turn0 = x0 * y1 - y0 * x1, turn1 = x1 * y2 - y1 * x2, turn2 = x2 * y0 - y2 * x0;
    int one_side = (x0 > 0.0 && x1 > 0.0 && x2 > 0.0) || (x0 < 0.0 && x1 < 0.0 && x2 < 0.0);
    int one_turn = (turn0 >= 0.0 && turn1 >= 0.0 && turn2 >= 0.0) || (turn0 <= 0.0 && turn1 <= 0.0 && turn2 <= 0.0);
    if (one_turn && !one_side) /* the origin lies in the triangle (which is flat where the orbits are coplanar) */
        return 0.0;
    double d2 = to_segment(x0, y0, x1, y1), other = to_segment(x1, y1, x2, y2), chord = to_segment(x0, y0, x2, y2);
    d2 = other < d2 ? other : d2;
    d2 = chord < d2 ? chord : d2;
    double bend = 1.0;
    if (o->alpha < 0.0) {
        double widest = fmax(fabs(p->s), fabs(r->s)) * o->root;
        bend = sqrt(pow(cosh(widest), 2) + (o->e * o->e - 1.0) * pow(sinh(widest), 2));
    }
    double bound = sqrt(d2) - 0.125 * bend * ds * ds;
    return bound > 0.0 ? bound : 0.0;
}

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

/* Half the range of s in which the orbit stays within r_max of the Sun; a whole revolution if it always does. */
static double range_of_s(const Orbit *o, double r_max)
{
    double w = (r_max - o->q) / o->e, x = 0.5 * fabs(o->alpha) * w; /* s^2 c2 = w */
    if (o->alpha > 0.0)
        return o->e == 0.0 || x >= 1.0 ? PI / o->root : 2.0 * asin(sqrt(x)) / o->root;
    return o->alpha < 0.0 ? 2.0 * asinh(sqrt(x)) / o->root : sqrt(2.0 * w);
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
    while (depth > 0) {
        Arc arc = stack[--depth];
        if (arc.bound >= best->distance - tolerance || depth + 2 > STACK_SIZE) {
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
    best->bound = fmin(best->bound, best->distance);
}

/* Perifocal axes and normal in the ecliptic frame, from i, node and argument of perihelion in radians. */
static void axes(const double *row, double toward[3], double ahead[3], double normal[3])
{
    double ci = cos(row[2]), si = sin(row[2]), cn = cos(row[3]), sn = sin(row[3]), cp = cos(row[4]), sp = sin(row[4]);
    toward[0] = cn * cp - sn * sp * ci;
    toward[1] = sn * cp + cn * sp * ci;
    toward[2] = sp * si;
    ahead[0] = -cn * sp - sn * cp * ci;
    ahead[1] = -sn * sp + cn * cp * ci;
    ahead[2] = cp * si;
    normal[0] = sn * si;
    normal[1] = -cn * si;
    normal[2] = ci;
}

static double dot(const double u[3], const double w[3]) { return u[0] * w[0] + u[1] * w[1] + u[2] * w[2]; }

/* Rows: q, e, i, node, argument of perihelion (au, radians).
 * Result: distance, true anomaly on the orbit, true anomaly on the ellipse, proven lower bound, points used. */
static void solve(const double *row, const double *reference, double max_distance, double tolerance, double *out)
{
    for (int i = 0; i < RESULT_COLUMNS; i++)
        out[i] = NAN;
    double sum = 0.0;
    for (int i = 0; i < ORBIT_COLUMNS; i++)
        sum += row[i] + reference[i];
    if (!isfinite(sum) || !(row[0] > 0.0 && row[1] >= 0.0 && reference[0] > 0.0))
        return;
    if (!(reference[1] >= 0.0 && reference[1] < 1.0))
        return;

    double a = reference[0] / (1.0 - reference[1]), b = a * sqrt((1.0 - reference[1]) * (1.0 + reference[1]));
    Ellipse k = {a, b, a * a, b * b, a * a * reference[1] * reference[1]};
    double frame[3][3], toward[3], ahead[3], normal[3];
    axes(reference, frame[0], frame[1], frame[2]);
    axes(row, toward, ahead, normal);
    Orbit o = {.q = row[0], .e = row[1], .alpha = (1.0 - row[1]) / row[0], .centre = a * reference[1]};
    o.root = sqrt(fabs(o.alpha));
    o.width = sqrt(o.q * (1.0 + o.e));
    for (int i = 0; i < 3; i++) {
        o.toward[i] = dot(frame[i], toward);
        o.ahead[i] = dot(frame[i], ahead);
    }

    Search best = {.d2 = max_distance * max_distance, .distance = max_distance};
    search(&o, &k, tolerance, &best);
    out[3] = best.bound;
    out[4] = (double)best.points;
    out[0] = INFINITY;
    if (best.found) {
        double xy[2];
        follow(&o, best.s, xy, NULL, NULL);
        out[0] = best.distance;
        out[1] = atan2(xy[1], xy[0]);
        out[2] = atan2(b * sin(best.v), a * (cos(best.v) - reference[1]));
    }
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
    int sizes = rows.len == n * row_bytes && (shared || references.len == rows.len) &&
                out.len == n * (Py_ssize_t)(RESULT_COLUMNS * sizeof(double)) && tolerance > 0.0 && max_distance >= 0.0;
    if (sizes) {
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
    if (!sizes) {
        PyErr_SetString(PyExc_ValueError, "buffers differ in length, or a limit is not positive");
        return NULL;
    }
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"solve", py_solve, METH_VARARGS,
     "solve(rows, references, max_distance, tolerance, out): float64 buffers of 5, 5 (one or as many) and 5 columns."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef module = {
    PyModuleDef_HEAD_INIT, "_moid", "Minimum orbit intersection distance.", -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__moid(void) { return PyModule_Create(&module); }
