// A few at a time: browsers open six connections to one place, and uploads must not take them all.

/**
 * Calls `work` for each item that is added, `most` of them side by side, first come first served.
 * @template T
 * @param {number} most
 * @param {(item: T) => Promise<void>} work
 */
export function atMost(most, work) {
  /** @type {T[]} */
  const waiting = [];
  let busy = 0;

  /** @param {T} item */
  async function run(item) {
    busy += 1;
    try {
      await work(item);
    } finally {
      busy -= 1;
      next();
    }
  }

  function next() {
    while (busy < most && waiting.length > 0) run(/** @type {T} */ (waiting.shift()));
  }

  return {
    /** @param {T} item */
    add(item) {
      waiting.push(item);
      next();
    },
    /** @param {T} item */
    drop(item) {
      const place = waiting.indexOf(item);
      if (place >= 0) waiting.splice(place, 1);
    },
  };
}
