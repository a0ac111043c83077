// Makes everything that outlives a script immutable.
(taint) => {
  'use strict';
  const { defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { freeze } = Object;

  // They keep state of their own.
  delete Error.stackTraceLimit;
  delete Error.prepareStackTrace;

  // A property that is inherited from a frozen object cannot be assigned on an heir. As a pair of accessors it can.
  const overridable = (holder, name) => {
    const { value, writable, configurable } = getOwnPropertyDescriptor(holder, name) ?? {};
    if (!writable || !configurable) return;
    defineProperty(holder, name, {
      get() {
        return value;
      },
      set(own) {
        if (this === holder || typeof this !== 'object' && typeof this !== 'function' || this === null) return;
        defineProperty(this, name, { value: own, writable: true, enumerable: true, configurable: true });
      },
      enumerable: false,
      configurable: true,
    });
  };
  const errors = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError];
  const code = [Function, (function* () {}).constructor, (async () => {}).constructor, (async function* () {}).constructor];

  // Whoever gets at a constructor of functions can get at the global object: that realm serves no other script.
  for (const constructor of code) {
    const get = () => {
      taint();
      return constructor;
    };
    defineProperty(constructor.prototype, 'constructor', { get, enumerable: false, configurable: true });
  }
  for (const holder of [Object.prototype, Function.prototype, ...errors.map((error) => error.prototype)]) {
    for (const name of ownKeys(holder)) overridable(holder, name);
  }
  for (const holder of [Array, Date, RegExp, Map, Set].map((of) => of.prototype)) {
    for (const name of ['toString', 'toLocaleString', 'valueOf', 'toJSON', 'constructor']) overridable(holder, name);
  }

  const names = ownKeys(globalThis);
  const seen = new Set([globalThis]);
  const queue = names.map((name) => globalThis[name]);
  const iterator = (iterable) => iterable[Symbol.iterator]();
  queue.push(
    ...code,
    iterator([]), iterator(''), iterator(new Map()), iterator(new Set()), ''.matchAll(/a/g),
    (function* () {})(), (async function* () {})(),
    getOwnPropertyDescriptor(function () { 'use strict'; return arguments; }(), 'callee').get,
  );
  for (let i = 0; i < queue.length; i++) {
    const value = queue[i];
    if (typeof value !== 'object' && typeof value !== 'function' || value === null || seen.has(value)) continue;
    seen.add(value);
    queue.push(getPrototypeOf(value));
    for (const name of ownKeys(value)) {
      const property = getOwnPropertyDescriptor(value, name);
      if ('value' in property) queue.push(property.value);
      else queue.push(property.get, property.set);
    }
    freeze(value);
  }
  for (const name of names) {
    const property = getOwnPropertyDescriptor(globalThis, name);
    if (property.configurable) {
      defineProperty(globalThis, name, 'value' in property ? { writable: false, configurable: false } : { configurable: false });
    }
  }
  return names.filter((name) => typeof name === 'string');
}
