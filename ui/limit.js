// A few at a time: browsers open six connections to one place, and uploads must not take them all.

/** Calls `work` for each item that is added, `most` of them side by side, first come first served. */
export function makeQueue(most, work) {
  const waiting = [];
  let busy = 0;

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
    while (busy < most && waiting.length > 0) run(waiting.shift());
  }

  return {
    add(item) {
      waiting.push(item);
      next();
    },
    drop(item) {
      const place = waiting.indexOf(item);
      if (place >= 0) waiting.splice(place, 1);
    },
    isIdle: () => busy === 0 && waiting.length === 0,
  };
}
