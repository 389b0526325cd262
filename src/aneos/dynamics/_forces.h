/* The acceleration of a massless object: point masses, the Sun's relativity and oblateness, the Earth's
 * oblateness, and non-gravitational forces falling off as 1/r^2.
 *
 * au, days, barycentric, ICRF axes.
 */
#ifndef ANEOS_FORCES_H
#define ANEOS_FORCES_H

#include <math.h>

#include "_ephemeris.h"

typedef struct {
    int relativity, sun_j2, earth_harmonics;
} Terms;

static const double LIGHT_AU_D = 173.14463267424034;
static const double DAYS_PER_CENTURY = 36525.0;
static const double DEGREE = 0.017453292519943295;

/* Zonal coefficients of the Earth (DE440's, unnormalised) and J2 of the Sun (Park et al. 2021). */
static const double EARTH_J2 = 1.0826253900000000e-3, EARTH_J3 = -2.5324100000000000e-6;
static const double EARTH_J4 = -1.6198980000000000e-6;
static const double SUN_J2 = 2.1961391516529825e-7;
/* Beyond this distance (au) the Earth is a point: its oblateness adds less than 1e-8 of its attraction. */
static const double EARTH_FIELD_AU = 0.03;

/* Acceleration by zonal harmonics of a body; d is the object's place from the body's centre, pole a unit
 * vector. Potential of degree n: -GM/r J_n (R/r)^n P_n(sin latitude). */
static void zonal(double gm, double radius, double j2, double j3, double j4, const double pole[3],
                  const double d[3], double a[3])
{
    double r2 = d[0] * d[0] + d[1] * d[1] + d[2] * d[2], r = sqrt(r2);
    double s = (d[0] * pole[0] + d[1] * pole[1] + d[2] * pole[2]) / r, s2 = s * s;
    double q = radius / r, q2 = q * q;
    double along = gm / r2; /* factor of unit vectors */
    /* P_n and P_n' for n = 2, 3, 4 */
    double p2 = 1.5 * s2 - 0.5, p3 = 0.5 * s * (5.0 * s2 - 3.0), p4 = (35.0 * s2 * s2 - 30.0 * s2 + 3.0) / 8.0;
    double t2 = 3.0 * s, t3 = 7.5 * s2 - 1.5, t4 = (17.5 * s2 - 7.5) * s;
    double k2 = j2 * q2, k3 = j3 * q2 * q, k4 = j4 * q2 * q2;
    /* U = -GM sum J_n R^n r^(-n-1) P_n(s): the acceleration is its gradient, with grad s = (pole - s r^) / r */
    double radial = along * (3.0 * k2 * p2 + 4.0 * k3 * p3 + 5.0 * k4 * p4);
    double polar = -along * (k2 * t2 + k3 * t3 + k4 * t4);
    for (int i = 0; i < 3; i++) {
        double unit = d[i] / r;
        a[i] += radial * unit + polar * (pole[i] - s * unit);
    }
}

/* The Earth's pole precesses: IAU working group's linear right ascension and declination. */
static void earth_pole(double t, double pole[3])
{
    double T = t / DAYS_PER_CENTURY, ra = -0.641 * T * DEGREE, dec = (90.0 - 0.557 * T) * DEGREE;
    pole[0] = cos(dec) * cos(ra);
    pole[1] = cos(dec) * sin(ra);
    pole[2] = sin(dec);
}

/* Radial, transverse and normal parameters A (au/d^2 at 1 au) of the object; h and w are its heliocentric
 * place and velocity. */
static void non_gravitational(const double A[3], const double h[3], const double w[3], double a[3])
{
    double r2 = h[0] * h[0] + h[1] * h[1] + h[2] * h[2], r = sqrt(r2);
    double normal[3] = {h[1] * w[2] - h[2] * w[1], h[2] * w[0] - h[0] * w[2], h[0] * w[1] - h[1] * w[0]};
    double size = sqrt(normal[0] * normal[0] + normal[1] * normal[1] + normal[2] * normal[2]);
    double along[3] = {normal[1] * h[2] - normal[2] * h[1], normal[2] * h[0] - normal[0] * h[2],
                       normal[0] * h[1] - normal[1] * h[0]};
    for (int i = 0; i < 3; i++)
        a[i] += (A[0] * h[i] / r + A[1] * along[i] / (size * r) + A[2] * normal[i] / size) / r2;
}

/* First post-Newtonian terms with the Sun as source and all bodies in the potentials, in barycentric harmonic
 * coordinates (Einstein, Infeld & Hoffmann 1938; Moyer 2003, eq. 4-26). h and w: place and velocity of the object
 * relative to the Sun, v its barycentric velocity; potential: sum of GM over distance at the object. */
static void relativity(const Ephemeris *e, const Scene *scene, const double v[3], const double h[3],
                       const double w[3], double potential, double a[3])
{
    double c2 = LIGHT_AU_D * LIGHT_AU_D, gm = e->gm[SUN];
    const double *u = scene->sun_velocity, *f = scene->sun_acceleration;
    double r2 = 0.0, v2 = 0.0, u2 = 0.0, vu = 0.0, hu = 0.0, hf = 0.0, drag = 0.0;
    for (int i = 0; i < 3; i++) {
        r2 += h[i] * h[i];
        v2 += v[i] * v[i];
        u2 += u[i] * u[i];
        vu += v[i] * u[i];
        hu += h[i] * u[i];
        hf += h[i] * f[i];
        drag += h[i] * (4.0 * v[i] - 3.0 * u[i]);
    }
    double r = sqrt(r2), pull = gm / (c2 * r2 * r);
    double radial = -4.0 * potential - scene->sun_potential + v2 + 2.0 * u2 - 4.0 * vu - 1.5 * hu * hu / r2 - 0.5 * hf;
    for (int i = 0; i < 3; i++)
        a[i] += pull * (drag * w[i] - radial * h[i]) + 3.5 * gm / (c2 * r) * f[i];
}

static void acceleration(const Ephemeris *e, const Terms *terms, const Scene *scene, const double x[3],
                         const double v[3], const double A[3], double a[3])
{
    double ax = 0.0, ay = 0.0, az = 0.0, potential = 0.0;
    for (int b = 0; b < e->n_bodies; b++) {
        double dx = scene->x[b] - x[0], dy = scene->y[b] - x[1], dz = scene->z[b] - x[2];
        double d2 = dx * dx + dy * dy + dz * dz;
        double pull = e->gm[b] / (d2 * sqrt(d2));
        ax += pull * dx;
        ay += pull * dy;
        az += pull * dz;
        potential += pull * d2;
    }
    a[0] = ax;
    a[1] = ay;
    a[2] = az;

    double h[3] = {x[0] - scene->x[SUN], x[1] - scene->y[SUN], x[2] - scene->z[SUN]};
    double w[3] = {v[0] - scene->sun_velocity[0], v[1] - scene->sun_velocity[1], v[2] - scene->sun_velocity[2]};
    if (terms->relativity)
        relativity(e, scene, v, h, w, potential, a);
    if (terms->sun_j2) {
        static const double pole[3] = {0.12235349347232782, -0.42307208364764326, 0.8977971010607901}; /* RA 286.13, Dec 63.87 */
        zonal(e->gm[SUN], e->radius[SUN], SUN_J2, 0.0, 0.0, pole, h, a);
    }
    if (terms->earth_harmonics) {
        double d[3] = {x[0] - scene->x[EARTH], x[1] - scene->y[EARTH], x[2] - scene->z[EARTH]};
        if (d[0] * d[0] + d[1] * d[1] + d[2] * d[2] < EARTH_FIELD_AU * EARTH_FIELD_AU) {
            double pole[3];
            earth_pole(scene->t, pole);
            zonal(e->gm[EARTH], e->radius[EARTH], EARTH_J2, EARTH_J3, EARTH_J4, pole, d, a);
        }
    }
    if (A[0] != 0.0 || A[1] != 0.0 || A[2] != 0.0)
        non_gravitational(A, h, w, a);
}

#endif
