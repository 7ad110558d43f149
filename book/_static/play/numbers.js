/* What several players compute with: reproducible chance, the normal law, linear equations. Also loaded by node. */
"use strict";

(() => {
  /* Mulberry32: uniform on [0, 1), and standard normals by Box and Muller; the same seed gives the same draws. */
  function generator(seed) {
    let state = seed >>> 0;
    const uniform = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    const normals = (n) => {
      const z = new Float64Array(n);
      for (let i = 0; i < n; i += 2) {
        const r = Math.sqrt(-2 * Math.log(1 - uniform())), a = 2 * Math.PI * uniform();
        z[i] = r * Math.cos(a);
        if (i + 1 < n) z[i + 1] = r * Math.sin(a);
      }
      return z;
    };
    return { uniform, normals };
  }

  const bell = (z) => Math.exp((-z * z) / 2) / Math.sqrt(2 * Math.PI);

  /* Phi(z), to 13 digits also in its lower tail: a series near 0 (Marsaglia 2004), a continued fraction beyond 3. */
  function ndtr(z) {
    if (z < -3 || z > 3) {
      const x = Math.abs(z);
      if (x > 38) return z < 0 ? 0 : 1;
      const terms = Math.ceil(20 + 400 / (x * x));
      let f = x;
      for (let k = terms; k > 0; k--) f = x + k / f;
      return z < 0 ? bell(x) / f : 1 - bell(x) / f;
    }
    let sum = z, term = z;
    for (let k = 3; Math.abs(term) > 1e-17 * Math.abs(sum); k += 2) sum += term *= (z * z) / k;
    return 0.5 + sum * bell(z);
  }

  /* x of a x = b, by elimination with pivots; a is an array of rows and is used up, as is b. */
  function solve(a, b) {
    const n = b.length;
    for (let k = 0; k < n; k++) {
      let p = k;
      for (let i = k + 1; i < n; i++) if (Math.abs(a[i][k]) > Math.abs(a[p][k])) p = i;
      [a[k], a[p], b[k], b[p]] = [a[p], a[k], b[p], b[k]];
      for (let i = k + 1; i < n; i++) {
        const factor = a[i][k] / a[k][k];
        if (!factor) continue;
        for (let j = k; j < n; j++) a[i][j] -= factor * a[k][j];
        b[i] -= factor * b[k];
      }
    }
    for (let k = n - 1; k >= 0; k--) {
      for (let j = k + 1; j < n; j++) b[k] -= a[k][j] * b[j];
      b[k] /= a[k][k];
    }
    return b;
  }

  const sum = (values) => values.reduce((a, b) => a + b, 0);

  const numbers = { generator, bell, ndtr, solve, sum };
  if (typeof module === "object") module.exports = numbers;
  else globalThis.imcPlay.numbers = numbers;
})();
