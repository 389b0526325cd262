/* One orbit seen from an ellipse: places, distances and their lower bound. Included by _moid.c alone. */
#ifndef ANEOS_MOID_GEOMETRY_H
#define ANEOS_MOID_GEOMETRY_H
#include <math.h>
#include <stddef.h>

enum { ORBIT_COLUMNS = 5 };

static const double PI = 3.14159265358979323846;
static const double HUGE_ORBIT = 1e9; /* au; beyond it, and below its inverse, nothing orbits the Sun */

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

/* Half the range of s in which the orbit stays within r_max of the Sun; a whole revolution if it always does. */
static double range_of_s(const Orbit *o, double r_max)
{
    double w = (r_max - o->q) / o->e, x = 0.5 * fabs(o->alpha) * w; /* s^2 c2 = w */
    if (o->alpha > 0.0)
        return o->e == 0.0 || x >= 1.0 ? PI / o->root : 2.0 * asin(sqrt(x)) / o->root;
    return o->alpha < 0.0 ? 2.0 * asinh(sqrt(x)) / o->root : sqrt(2.0 * w);
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

/* Both orbits from rows of q, e, i, node, argument of perihelion (au, radians); 0 where one is no orbit. */
static int prepare(const double *row, const double *reference, Orbit *o, Ellipse *k)
{
    double sum = 0.0, frame[3][3], toward[3], ahead[3], normal[3], e = reference[1];
    for (int i = 0; i < ORBIT_COLUMNS; i++)
        sum += row[i] + reference[i];
    if (!isfinite(sum) || !(row[1] >= 0.0 && row[1] < HUGE_ORBIT && e >= 0.0 && e < 1.0))
        return 0;
    if (!(row[0] * HUGE_ORBIT > 1.0 && row[0] < HUGE_ORBIT && reference[0] * HUGE_ORBIT > 1.0 && reference[0] < HUGE_ORBIT))
        return 0;
    k->a = reference[0] / (1.0 - e);
    k->b = k->a * sqrt((1.0 - e) * (1.0 + e));
    k->a2 = k->a * k->a;
    k->b2 = k->b * k->b;
    k->c2 = k->a2 * e * e;
    o->q = row[0];
    o->e = row[1];
    o->alpha = (1.0 - o->e) / o->q;
    o->root = sqrt(fabs(o->alpha));
    o->width = sqrt(o->q * (1.0 + o->e));
    o->centre = k->a * e;
    axes(reference, frame[0], frame[1], frame[2]);
    axes(row, toward, ahead, normal);
    for (int i = 0; i < 3; i++) {
        o->toward[i] = dot(frame[i], toward);
        o->ahead[i] = dot(frame[i], ahead);
    }
    return 1;
}

#endif
