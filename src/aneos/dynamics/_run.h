/* Many objects through one field, step by step, on a common grid of time.
 *
 * Steps are powers of two of a day that start at their own multiples, so that all objects of a call share the places
 * of the planets at the nodes of the steps: these are computed once for each block of BLOCK days. Objects do not
 * feel each other; the result for one does not depend on which others are in the call.
 */
#ifndef ANEOS_RUN_H
#define ANEOS_RUN_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "_watch.h"

#define BLOCK 32.0
enum { CACHED_LEVELS = 7, FINEST_LEVEL = 24 };
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

/* All clones, block by block; 0, or 1 where memory ran out. */
static int run_all(Run *run, Clone *clones, long n, const double *starts)
{
    int n_scenes = ((1 << CACHED_LEVELS) - 1) * NODES, failed = 0;
    Block block = {malloc(sizeof(Scene) * (size_t)n_scenes), malloc((size_t)n_scenes), 0.0};
    if (!block.scenes || !block.filled)
        failed = 1;
    double earliest = INFINITY;
    for (long i = 0; i < n; i++)
        earliest = fmin(earliest, starts[i]);
    double *sampled = run->sampled;
    for (double k = floor(earliest / BLOCK); !failed && k * BLOCK < run->u_end; k++) {
        double until = fmin((k + 1.0) * BLOCK, run->u_end);
        block.u = k * BLOCK;
        memset(block.filled, 0, (size_t)n_scenes);
        for (long i = 0; i < n; i++) {
            Clone *c = clones + i;
            Watch watch = run->watch;
            watch.clone = (int)i;
            run->sampled = sampled + (size_t)i * (size_t)run->n_samples * 6;
            while (c->status == RUNNING && c->u < until)
                step(run, &watch, &block, c, until);
        }
    }
    run->sampled = sampled;
    for (long i = 0; i < n && !failed; i++) {
        Watch watch = run->watch;
        watch.clone = (int)i;
        if (clones[i].capture.inside)
            close_capture(&watch, &clones[i].capture, run->sign * clones[i].u, 1);
    }
    free(block.scenes);
    free(block.filled);
    return failed || run->watch.encounters->failed || run->watch.captured->failed;
}

#endif
