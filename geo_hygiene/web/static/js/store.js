// What the page shows, in one place: parts change it and are told when it changed.

export function createStore(initial) {
  let state = Object.freeze({ ...initial });
  const listeners = [];

  return {
    get: () => state,

    // `how.push` makes a step that the back button undoes; with `how.atOnce` no reload comes before the address has it
    set(changes, how = {}) {
      const before = state;
      const changed = Object.keys(changes).filter((name) => !same(before[name], changes[name]));
      if (!changed.length) return;
      state = Object.freeze({ ...state, ...changes });
      for (const { names, action } of listeners) {
        if (!names || names.some((name) => changed.includes(name))) action(state, before, how);
      }
    },

    watch(names, action) {
      listeners.push({ names, action });
    },
  };
}

export function same(one, other) {
  if (one instanceof Set && other instanceof Set) {
    return one.size === other.size && [...one].every((value) => other.has(value));
  }
  return one === other;
}
