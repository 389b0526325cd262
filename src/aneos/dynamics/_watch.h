/* What happens near the Earth and the Moon within one step: minima of the distance, captures, collisions.
 *
 * The step's own polynomial is searched, not a grid of samples. With f = r.w (r, w: place and velocity relative
 * to the body, w counted along the direction of integration) the distance is least where f passes from minus to
 * plus. An interval is left out where its two ends are too far for the speed that any point of it can have; else
 * it is halved until f' = w.w + r.a keeps one sign across it, so that it holds one minimum at most.
 */
#ifndef ANEOS_WATCH_H
#define ANEOS_WATCH_H

#include <stdlib.h>

#include "_radau.h"

enum { MINIMUM = 0, AT_START = 1, AT_END = 2, COLLISION = 3 };
enum { ENCOUNTER_COLUMNS = 10, CAPTURE_COLUMNS = 6, MAX_DEPTH = 40 };

/* Intervals are not halved below this length (days, 169 s). Two extrema of the distance that lie closer together
 * than that differ by less than a.dt^2/8: 35 km at the Earth's surface, 10 m at the distance of the Moon. */
static const double SHORTEST_INTERVAL = 1.0 / 512.0;
/* No body of the search is accelerated more than this (au/d^2): the Moon by the Sun and the Earth. */
static const double BODY_ACCELERATION = 6e-4;
/* Captures are looked for within three Hill radii of the Earth (Granvik, Vaubaillon & Jedicke 2012). */
static const double CAPTURE_AU = 0.03;
static const double CAPTURE_SAMPLE_DAYS = 0.5;

typedef struct {
    double *rows;
    size_t count, capacity;
    int columns, failed;
} Table;

typedef struct {
    const Ephemeris *ephemeris;
    double within[3]; /* by body: distance below which minima are recorded, au; 0: only strikes are */
    int captures;     /* whether captures are looked for */
    int clone;
    double sign;
    Table *encounters, *captured;
} Watch;

typedef struct {
    double s, r[3], w[3], a[3], d, f, slope;
} Sample;

/* Where a clone stands in a capture, carried from step to step. */
typedef struct {
    int inside;
    double since, nearest, turned, last_angle, last_t;
    int open_at_start;
} Capture;

static double *new_row(Table *table)
{
    if (table->count == table->capacity) {
        size_t capacity = table->capacity ? 2 * table->capacity : 64;
        double *rows = realloc(table->rows, capacity * (size_t)table->columns * sizeof *rows);
        if (!rows) {
            table->failed = 1;
            return NULL;
        }
        table->rows = rows;
        table->capacity = capacity;
    }
    return table->rows + table->columns * table->count++;
}

static double dot(const double a[3], const double b[3])
{
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/* Place and velocity relative to a body at the fraction s of the step. */
static void relative_at(const Watch *watch, const Motion *m, int body, double s, Sample *sample)
{
    double x[3], v[3], p[3], q[3];
    state_within(m, s, x, v);
    body_at(watch->ephemeris, body, m->t, s * m->h, p, q);
    for (int i = 0; i < 3; i++) {
        sample->r[i] = x[i] - p[i];
        sample->w[i] = watch->sign * (v[i] - q[i]);
    }
    sample->s = s;
    sample->d = sqrt(dot(sample->r, sample->r));
    sample->f = dot(sample->r, sample->w);
}

/* The same with the relative acceleration and the slope of f. */
static void sample_at(const Watch *watch, const Motion *m, int body, double s, Sample *sample)
{
    Scene scene;
    const Ephemeris *e = watch->ephemeris;
    relative_at(watch, m, body, s, sample);
    fill_scene(e, m->t, s * m->h, &scene);
    acceleration_within(m, s, sample->a);
    for (int b = 0; b < e->n_bodies; b++) {
        if (b == body)
            continue;
        double d[3] = {scene.x[b] - scene.x[body], scene.y[b] - scene.y[body], scene.z[b] - scene.z[body]};
        double d2 = dot(d, d), pull = e->gm[b] / (d2 * sqrt(d2));
        for (int i = 0; i < 3; i++)
            sample->a[i] -= pull * d[i];
    }
    sample->slope = dot(sample->w, sample->w) + dot(sample->r, sample->a);
}

static void record(const Watch *watch, const Motion *m, int body, int kind, const Sample *sample)
{
    double *row = new_row(watch->encounters);
    if (!row)
        return;
    row[0] = watch->clone;
    row[1] = body;
    row[2] = kind;
    row[3] = m->t + sample->s * m->h;
    for (int i = 0; i < 3; i++) {
        row[4 + i] = sample->r[i];
        row[7 + i] = watch->sign * sample->w[i];
    }
}

/* The root of f between a (f < 0) and b (f >= 0): regula falsi (Illinois), to a microsecond or the last bit. */
static void find_minimum(const Watch *watch, const Motion *m, int body, Sample a, Sample b, Sample *out)
{
    double fa = a.f, fb = b.f;
    *out = fabs(a.f) < fabs(b.f) ? a : b;
    for (int i = 0, side = 0; i < 100 && (b.s - a.s) * fabs(m->h) > 1e-11; i++) {
        double s = (fa * b.s - fb * a.s) / (fa - fb);
        if (!(s > a.s && s < b.s))
            s = 0.5 * (a.s + b.s);
        relative_at(watch, m, body, s, out);
        if (out->f == 0.0 || fabs(out->f) < 1e-13 * out->d * sqrt(dot(out->w, out->w)))
            break;
        if (out->f < 0.0) {
            a = *out;
            fa = out->f;
            fb *= side == -1 ? 0.5 : 1.0;
            side = -1;
        } else {
            b = *out;
            fb = out->f;
            fa *= side == 1 ? 0.5 : 1.0;
            side = 1;
        }
    }
}

/* Where the distance falls below the body's radius, between a (outside, or else a itself) and b (inside). */
static void find_surface(const Watch *watch, const Motion *m, int body, Sample a, Sample b, Sample *out)
{
    double radius = watch->ephemeris->radius[body], low = a.s, high = b.s;
    for (int i = 0; i < 60 && (high - low) * fabs(m->h) > 1e-10; i++) {
        relative_at(watch, m, body, 0.5 * (low + high), out);
        if (out->d > radius)
            low = out->s;
        else
            high = out->s;
    }
    relative_at(watch, m, body, high, out);
}

/* Records the minima between a and b; returns where the object struck the body, else INFINITY. */
static double search(const Watch *watch, const Motion *m, int body, const Sample *a, const Sample *b,
                     double accelerated, int depth)
{
    double dt = (b->s - a->s) * fabs(m->h), radius = watch->ephemeris->radius[body];
    double speed = sqrt(fmax(dot(a->w, a->w), dot(b->w, b->w))) + 0.5 * accelerated * dt;
    if (0.5 * (a->d + b->d - speed * dt) > fmax(watch->within[body], radius))
        return INFINITY;

    Sample middle;
    sample_at(watch, m, body, 0.5 * (a->s + b->s), &middle);
    double least = fmin(fabs(a->slope), fmin(fabs(b->slope), fabs(middle.slope)));
    int one_sign = a->slope * b->slope > 0.0 && a->slope * middle.slope > 0.0;
    double bend = fabs(middle.slope - 0.5 * (a->slope + b->slope));
    if ((one_sign && bend < 0.25 * least) || dt < SHORTEST_INTERVAL || depth >= MAX_DEPTH) {
        Sample least_sample = *b, surface;
        int turns = a->f < 0.0 && b->f >= 0.0;
        if (turns)
            find_minimum(watch, m, body, *a, *b, &least_sample);
        if (least_sample.d < radius) {
            find_surface(watch, m, body, *a, least_sample, &surface);
            record(watch, m, body, COLLISION, &surface);
            return surface.s;
        }
        if (!turns)
            return INFINITY;
        if (least_sample.d < watch->within[body])
            record(watch, m, body, MINIMUM, &least_sample);
        return INFINITY;
    }
    double struck = search(watch, m, body, a, &middle, accelerated, depth + 1);
    return struck < INFINITY ? struck : search(watch, m, body, &middle, b, accelerated, depth + 1);
}

/* All minima of the distance to one body between the fractions 0 and `end` of the step in hand. */
static double watch_body(const Watch *watch, const Motion *m, int body, double end, int first, int last)
{
    Sample a, b;
    relative_at(watch, m, body, 0.0, &a);
    relative_at(watch, m, body, end, &b);
    double accelerated = BODY_ACCELERATION, sum = sqrt(dot(m->a0, m->a0));
    for (int k = 0; k < 7; k++)
        sum += sqrt(dot(m->b[k], m->b[k]));
    accelerated += sum;
    double dt = end * fabs(m->h), speed = sqrt(fmax(dot(a.w, a.w), dot(b.w, b.w))) + 0.5 * accelerated * dt;
    if (0.5 * (a.d + b.d - speed * dt) > fmax(watch->within[body], watch->ephemeris->radius[body]))
        return INFINITY;
    sample_at(watch, m, body, 0.0, &a);
    sample_at(watch, m, body, end, &b);
    if (first && a.f >= 0.0 && a.d < watch->within[body])
        record(watch, m, body, AT_START, &a);
    double struck = search(watch, m, body, &a, &b, accelerated, 0);
    if (last && struck == INFINITY && b.f < 0.0 && b.d < watch->within[body])
        record(watch, m, body, AT_END, &b);
    return struck;
}

static int is_captured(const Watch *watch, const Sample *sample)
{
    double energy = 0.5 * dot(sample->w, sample->w) - watch->ephemeris->gm[EARTH] / sample->d;
    return energy < 0.0 && sample->d < CAPTURE_AU;
}

/* Ecliptic longitude of the object as seen from the Earth, counted from the Sun. */
static double synodic_angle(const Watch *watch, const Motion *m, const Sample *sample)
{
    static const double cos_e = 0.917482062069181818, sin_e = 0.397777155931913701;
    double dt = sample->s * m->h, sun[3], earth[3];
    body_at(watch->ephemeris, SUN, m->t, dt, sun, NULL);
    body_at(watch->ephemeris, EARTH, m->t, dt, earth, NULL);
    for (int i = 0; i < 3; i++)
        sun[i] -= earth[i];
    double of_sun = atan2(cos_e * sun[1] + sin_e * sun[2], sun[0]);
    return atan2(cos_e * sample->r[1] + sin_e * sample->r[2], sample->r[0]) - of_sun;
}

static void close_capture(const Watch *watch, Capture *c, double until, int open_at_end)
{
    double *row = new_row(watch->captured);
    c->inside = 0;
    if (!row)
        return;
    row[0] = watch->clone;
    row[1] = c->since;
    row[2] = until;
    row[3] = c->nearest;
    row[4] = c->turned / 6.283185307179586;
    row[5] = (c->open_at_start ? 1.0 : 0.0) + (open_at_end ? 2.0 : 0.0);
}

/* The time of change of `is_captured` between two fractions of the step. */
static double find_change(const Watch *watch, const Motion *m, double low, double high, int at_low)
{
    Sample sample;
    while ((high - low) * fabs(m->h) > 1e-6) {
        relative_at(watch, m, EARTH, 0.5 * (low + high), &sample);
        if (is_captured(watch, &sample) == at_low)
            low = sample.s;
        else
            high = sample.s;
    }
    return m->t + 0.5 * (low + high) * m->h;
}

/* Follows negative geocentric energy through the step. */
static void watch_capture(const Watch *watch, const Motion *m, Capture *c, double end, int first)
{
    Sample sample;
    relative_at(watch, m, EARTH, 0.0, &sample);
    double dt = end * fabs(m->h);
    if (!c->inside && sample.d > CAPTURE_AU + dt * (sqrt(dot(sample.w, sample.w)) + 1e-3 * dt))
        return;
    int pieces = (int)ceil(dt / CAPTURE_SAMPLE_DAYS);
    pieces = pieces < 2 ? 2 : pieces;
    if (first && is_captured(watch, &sample)) {
        c->inside = c->open_at_start = 1;
        c->since = m->t;
        c->nearest = sample.d;
        c->turned = 0.0;
        c->last_angle = synodic_angle(watch, m, &sample);
    }
    for (int i = 1; i <= pieces; i++) {
        double before = end * (i - 1) / pieces;
        relative_at(watch, m, EARTH, end * i / pieces, &sample);
        int now = is_captured(watch, &sample);
        if (now && c->inside) {
            double turn = synodic_angle(watch, m, &sample), step = remainder(turn - c->last_angle, 6.283185307179586);
            c->turned += step;
            c->last_angle = turn;
            c->nearest = fmin(c->nearest, sample.d);
        } else if (now) {
            c->inside = 1;
            c->open_at_start = 0;
            c->since = find_change(watch, m, before, sample.s, 0);
            c->nearest = sample.d;
            c->turned = 0.0;
            c->last_angle = synodic_angle(watch, m, &sample);
        } else if (c->inside) {
            close_capture(watch, c, find_change(watch, m, before, sample.s, 1), 0);
        }
    }
}

#endif
