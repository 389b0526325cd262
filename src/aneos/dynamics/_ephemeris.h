/* Positions of the massive bodies from Chebyshev series (the layout of an SPK of type 2), in au and days.
 *
 * A track is the motion of one point relative to another: its records cover equal spans of time. Positions come
 * out barycentric, along the axes of the kernel (ICRF). Times are days from J2000, TDB, in two parts: t, and a
 * short dt from there. One double resolves 1e-12 d, in which the Earth moves by metres: differences between the
 * nodes of a short step would be noise.
 */
#ifndef ANEOS_EPHEMERIS_H
#define ANEOS_EPHEMERIS_H

#include <math.h>
#include <stddef.h>

enum { MAX_TRACKS = 32, MAX_BODIES = 32, MAX_COEFFICIENTS = 32, SUN = 0, EARTH = 1, MOON = 2 };

typedef struct {
    const double *coefficients; /* records x 3 x count */
    double start, length;       /* of the first record, days */
    int records, count;
    int centre; /* another track, which comes earlier in the list, or -1: the barycentre */
} Track;

typedef struct {
    Track tracks[MAX_TRACKS];
    int n_tracks;
    double gm[MAX_BODIES], radius[MAX_BODIES]; /* au^3/d^2, au */
    int track[MAX_BODIES];                     /* the track of each body */
    int n_bodies;
} Ephemeris;

/* What the bodies exert at one instant: places as columns, and what the Sun's relativity needs: its velocity, its
 * acceleration by the other bodies, and their potential there. */
typedef struct {
    double x[MAX_BODIES], y[MAX_BODIES], z[MAX_BODIES];
    double sun_velocity[3], sun_acceleration[3], sun_potential;
    double t;
} Scene;

/* Position and, where asked for, velocity of one track relative to its centre at t + dt. */
static void track_at(const Track *k, double t, double dt, double position[3], double velocity[3])
{
    double from_start = t - k->start;
    int record = (int)floor((from_start + dt) / k->length);
    if (record < 0)
        record = 0;
    if (record >= k->records)
        record = k->records - 1;
    double u = 2.0 * ((from_start - record * k->length) + dt) / k->length - 1.0;
    const double *c = k->coefficients + (size_t)record * 3 * (size_t)k->count;
    double T[MAX_COEFFICIENTS], D[MAX_COEFFICIENTS];
    T[0] = 1.0;
    T[1] = u;
    for (int j = 2; j < k->count; j++)
        T[j] = 2.0 * u * T[j - 1] - T[j - 2];
    if (velocity) {
        D[0] = 0.0;
        D[1] = 1.0;
        for (int j = 2; j < k->count; j++)
            D[j] = 2.0 * T[j - 1] + 2.0 * u * D[j - 1] - D[j - 2];
    }
    for (int axis = 0; axis < 3; axis++, c += k->count) {
        double sum = 0.0, rate = 0.0;
        for (int j = k->count - 1; j >= 0; j--)
            sum += c[j] * T[j];
        position[axis] = sum;
        if (velocity) {
            for (int j = k->count - 1; j >= 1; j--)
                rate += c[j] * D[j];
            velocity[axis] = rate * 2.0 / k->length;
        }
    }
}

/* Barycentric position and, where asked for, velocity of one body. */
static void body_at(const Ephemeris *e, int body, double t, double dt, double position[3], double velocity[3])
{
    double p[3], v[3];
    int track = e->track[body];
    track_at(&e->tracks[track], t, dt, position, velocity);
    for (track = e->tracks[track].centre; track >= 0; track = e->tracks[track].centre) {
        track_at(&e->tracks[track], t, dt, p, velocity ? v : NULL);
        for (int i = 0; i < 3; i++) {
            position[i] += p[i];
            if (velocity)
                velocity[i] += v[i];
        }
    }
}

/* All bodies at one instant. */
static void fill_scene(const Ephemeris *e, double t, double dt, Scene *scene)
{
    double p[MAX_TRACKS][3];
    for (int k = 0; k < e->n_tracks; k++) {
        const Track *track = &e->tracks[k];
        int is_sun = k == e->track[SUN];
        track_at(track, t, dt, p[k], is_sun ? scene->sun_velocity : NULL);
        if (track->centre >= 0)
            for (int i = 0; i < 3; i++)
                p[k][i] += p[track->centre][i];
    }
    for (int b = 0; b < e->n_bodies; b++) {
        const double *at = p[e->track[b]];
        scene->x[b] = at[0];
        scene->y[b] = at[1];
        scene->z[b] = at[2];
    }
    scene->sun_potential = 0.0;
    for (int i = 0; i < 3; i++)
        scene->sun_acceleration[i] = 0.0;
    for (int b = 1; b < e->n_bodies; b++) {
        double d[3] = {scene->x[b] - scene->x[SUN], scene->y[b] - scene->y[SUN], scene->z[b] - scene->z[SUN]};
        double d2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2], potential = e->gm[b] / sqrt(d2);
        scene->sun_potential += potential;
        for (int i = 0; i < 3; i++)
            scene->sun_acceleration[i] += potential / d2 * d[i];
    }
    scene->t = t + dt;
}

#endif
