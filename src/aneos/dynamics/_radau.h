/* One step of a Gauss-Radau integrator of order 15 (Everhart 1985; with the convergence and step rules of
 * Rein & Spiegel 2015, MNRAS 446, 1424).
 *
 * Within a step of length h the acceleration is a polynomial of degree 7 in s = (t - t0) / h,
 * a(s) = a0 + b0 s + b1 s^2 + ... + b6 s^7, which makes position and velocity at every time of the step known:
 * that is what the encounter search reads.
 */
#ifndef ANEOS_RADAU_H
#define ANEOS_RADAU_H

#include <math.h>
#include <string.h>

#include "_forces.h"

enum { NODES = 8, MAX_ITERATIONS = 12 };

static const double NODE[NODES] = {0.0,
                                   0.0562625605369221464656521910318,
                                   0.180240691736892364987579942780,
                                   0.352624717113169637373907769648,
                                   0.547153626330555383001448554766,
                                   0.734210177215410531523210605558,
                                   0.885320946839095768090359771030,
                                   0.977520613561287501891174488626};

/* 1 / ((k + 2) (k + 3)) and 1 / (k + 2): what b_k contributes to place and velocity */
static const double TO_PLACE[7] = {1.0 / 6, 1.0 / 12, 1.0 / 20, 1.0 / 30, 1.0 / 42, 1.0 / 56, 1.0 / 72};
static const double TO_VELOCITY[7] = {1.0 / 2, 1.0 / 3, 1.0 / 4, 1.0 / 5, 1.0 / 6, 1.0 / 7, 1.0 / 8};

static double NODE_GAP[NODES][NODES];  /* 1 / (node n - node j), j < n */
static double NEWTON_TO_POWER[7][7]; /* g_j contributes NEWTON_TO_POWER[j][k] g_j to b_k */
static double POWER_TO_NEWTON[7][7]; /* b_k contributes POWER_TO_NEWTON[k][j] b_k to g_j */
static double BINOMIAL[9][9];

typedef struct {
    double x[3], v[3];       /* barycentric state at the start of the step */
    double low_x[3], low_v[3]; /* what rounding took from them */
    double a0[3];
    double b[7][3]; /* of the step in hand */
    double e[7][3]; /* as predicted */
    double t, h;    /* start and signed length of the step in hand */
    double last_h;  /* of the step before, 0 where there is none */
} Motion;

/* Once: the products (s - h1)...(s - hj) s as polynomials, and their inverse. */
static void radau_init(void)
{
    for (int n = 1; n < NODES; n++)
        for (int j = 0; j < n; j++)
            NODE_GAP[n][j] = 1.0 / (NODE[n] - NODE[j]);
    for (int j = 0; j < 7; j++) {
        double p[8] = {1.0};
        for (int m = 1; m <= j; m++)
            for (int k = m; k >= 0; k--)
                p[k] = (k > 0 ? p[k - 1] : 0.0) - NODE[m] * (k < m ? p[k] : 0.0);
        for (int k = 0; k < 7; k++)
            NEWTON_TO_POWER[j][k] = k <= j ? p[k] : 0.0;
    }
    /* the matrix is unit triangular: invert by substitution */
    memset(POWER_TO_NEWTON, 0, sizeof POWER_TO_NEWTON);
    for (int k = 0; k < 7; k++) {
        POWER_TO_NEWTON[k][k] = 1.0;
        for (int j = k - 1; j >= 0; j--) {
            double sum = 0.0;
            for (int m = j + 1; m <= k; m++)
                sum += POWER_TO_NEWTON[k][m] * NEWTON_TO_POWER[m][j];
            POWER_TO_NEWTON[k][j] = -sum;
        }
    }
    for (int n = 0; n < 9; n++)
        for (int k = 0; k <= n; k++)
            BINOMIAL[n][k] = k == 0 || k == n ? 1.0 : BINOMIAL[n - 1][k - 1] + BINOMIAL[n - 1][k];
}

/* State at the fraction s of the step in hand. */
static void state_within(const Motion *m, double s, double x[3], double v[3])
{
    double h = m->h;
    for (int i = 0; i < 3; i++) {
        double bx = 0.0, bv = 0.0;
        for (int k = 6; k >= 0; k--) {
            bx = (bx + m->b[k][i] * TO_PLACE[k]) * s;
            if (v)
                bv = (bv + m->b[k][i] * TO_VELOCITY[k]) * s;
        }
        if (v)
            v[i] = m->v[i] + s * h * (m->a0[i] + bv);
        x[i] = m->x[i] + s * h * (m->v[i] + s * h * (0.5 * m->a0[i] + bx));
    }
}

/* Acceleration at the fraction s of the step in hand. */
static void acceleration_within(const Motion *m, double s, double a[3])
{
    for (int i = 0; i < 3; i++) {
        double sum = 0.0;
        for (int k = 6; k >= 0; k--)
            sum = (sum + m->b[k][i]) * s;
        a[i] = m->a0[i] + sum;
    }
}

/* Guess the polynomial of a step of length h from that of the last step. */
static void predict(Motion *m, double h)
{
    double ratio = m->last_h == 0.0 ? 0.0 : h / m->last_h;
    if (ratio == 0.0 || ratio > 20.0) {
        memset(m->b, 0, sizeof m->b);
        memset(m->e, 0, sizeof m->e);
        return;
    }
    double old[7][3], power = 1.0;
    memcpy(old, m->b, sizeof old);
    for (int k = 0; k < 7; k++) {
        power *= ratio;
        for (int i = 0; i < 3; i++) {
            double surprise = old[k][i] - m->e[k][i], sum = 0.0;
            for (int j = k; j < 7; j++)
                sum += BINOMIAL[j + 1][k + 1] * old[j][i];
            m->e[k][i] = power * sum;
            m->b[k][i] = m->e[k][i] + surprise;
        }
    }
}

static double largest(const double a[3])
{
    return fmax(fabs(a[0]), fmax(fabs(a[1]), fabs(a[2])));
}

/* Solve for the polynomial of the step m->h, given the scenes at its nodes and m->a0. Returns the size of its
 * last coefficient against the acceleration, which tells the error; NaN where the motion is not finite. */
static double solve_step(Motion *m, const Ephemeris *e, const Terms *terms, const Scene *const scenes[NODES],
                         const double A[3])
{
    double g[7][3], previous = INFINITY, size = 0.0;
    for (int j = 0; j < 7; j++)
        for (int i = 0; i < 3; i++) {
            g[j][i] = 0.0;
            for (int k = j; k < 7; k++)
                g[j][i] += POWER_TO_NEWTON[k][j] * m->b[k][i];
        }
    for (int iteration = 0; iteration < MAX_ITERATIONS; iteration++) {
        double change = 0.0;
        size = largest(m->a0);
        for (int n = 1; n < NODES; n++) {
            double x[3], v[3], a[3], s = NODE[n];
            state_within(m, s, x, v);
            acceleration(e, terms, scenes[n], x, v, A, a);
            size = fmax(size, largest(a));
            for (int i = 0; i < 3; i++) {
                /* divided differences of a at the nodes 0 ... n */
                double value = (a[i] - m->a0[i]) * NODE_GAP[n][0];
                for (int j = 0; j < n - 1; j++)
                    value = (value - g[j][i]) * NODE_GAP[n][j + 1];
                double step = value - g[n - 1][i];
                g[n - 1][i] = value;
                for (int k = 0; k < n; k++)
                    m->b[k][i] += step * NEWTON_TO_POWER[n - 1][k];
                if (n == NODES - 1)
                    change = fmax(change, fabs(step));
            }
        }
        change /= size;
        if (!(change == change))
            return NAN;
        if (change < 1e-13 || (iteration > 1 && change >= previous))
            break;
        previous = change;
    }
    return largest(m->b[6]) / size;
}

/* The size that rounding alone gives the last coefficient against the acceleration. Places are known to a few
 * 1e-16 au; near a body that shakes its attraction, and the divided differences magnify it 4550-fold (root mean
 * square of their weights). Without this floor steps shrink without end during a close passage. */
static double rounding_floor(const Ephemeris *e, const Scene *scene, const double x[3], const double a[3])
{
    double gradient = 0.0;
    for (int b = 0; b < e->n_bodies; b++) {
        double dx = scene->x[b] - x[0], dy = scene->y[b] - x[1], dz = scene->z[b] - x[2];
        double d2 = dx * dx + dy * dy + dz * dz;
        gradient += e->gm[b] / (d2 * sqrt(d2));
    }
    return 4.0 * 4550.0 * 2e-16 * gradient / largest(a);
}

static void add_compensated(double *sum, double *low, double term)
{
    double y = term - *low, t = *sum + y;
    *low = (t - *sum) - y;
    *sum = t;
}

/* Move the state to the end of the step in hand. */
static void advance(Motion *m)
{
    double h = m->h;
    for (int i = 0; i < 3; i++) {
        double bx = 0.0, bv = 0.0;
        for (int k = 6; k >= 0; k--) {
            bx += m->b[k][i] * TO_PLACE[k];
            bv += m->b[k][i] * TO_VELOCITY[k];
        }
        add_compensated(&m->x[i], &m->low_x[i], h * m->v[i] + h * h * (0.5 * m->a0[i] + bx));
        add_compensated(&m->v[i], &m->low_v[i], h * (m->a0[i] + bv));
    }
    m->t += h;
    m->last_h = h;
}

#endif
