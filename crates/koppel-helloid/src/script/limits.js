// Refuses what would run for minutes within the engine, where it asks nobody whether its time is over.
() => {
  'use strict';
  const { apply, construct, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { isArray } = Array;
  // No memory that a script may have holds more items; an array that is longer is one of holes, such as [].length = 4e9.
  const LONGEST = 1 << 20;
  // Characters of the text times characters that are looked for.
  const DEAREST = 1 << 26;

  const replace = (holder, name, native, bounded) => {
    defineProperty(bounded, 'length', { value: native.length, configurable: true });
    defineProperty(holder, name, { value: bounded, writable: true, enumerable: false, configurable: true });
  };
  // `check` may give other arguments in place of those that it was given.
  const bound = (holder, name, check) => {
    const native = holder[name];
    const bounded = {
      [name](...given) {
        return apply(native, this, check(this, given) ?? given);
      },
    }[name];
    replace(holder, name, native, bounded);
  };
  const isObject = (value) => typeof value === 'object' && value !== null || typeof value === 'function';
  const tooLong = (length) => new RangeError(`an array of ${length} items is too long`);

  // A proxy may say another length each time.
  const NativeProxy = Proxy;
  const proxies = new WeakSet();
  const { has: hasItem, add: addItem } = WeakSet.prototype;
  const remember = (proxy) => {
    apply(addItem, proxies, [proxy]);
    return proxy;
  };
  const isProxy = (value) => apply(hasItem, proxies, [value]);
  const LocalProxy = {
    Proxy: function (target, handler) {
      if (new.target === undefined) throw new TypeError("constructor requires 'new'");
      return remember(new NativeProxy(target, handler));
    },
  }.Proxy;
  LocalProxy.prototype = undefined;
  const { revocable } = NativeProxy;
  const localRevocable = {
    revocable(target, handler) {
      const made = revocable(target, handler);
      remember(made.proxy);
      return made;
    },
  }.revocable;
  replace(LocalProxy, 'revocable', revocable, localRevocable);
  replace(globalThis, 'Proxy', NativeProxy, LocalProxy);

  // What a method of arrays is called on, or is given to go through.
  const items = (list) => {
    if (list === undefined || list === null) return;
    let length;
    if (typeof list === 'string' || isArray(list) && !isProxy(list)) {
      length = list.length;
    } else {
      const property = isObject(list) && !isProxy(list) ? getOwnPropertyDescriptor(list, 'length') : undefined;
      if (property === undefined || !('value' in property) || isObject(property.value)) {
        throw new TypeError('methods of arrays take arrays, and what has a length that is a plain number');
      }
      length = +property.value;
    }
    if (length > LONGEST) throw tooLong(length);
  };
  const behindProxy = (value) => {
    for (let at = value; at !== null; at = getPrototypeOf(at)) if (isProxy(at)) return true;
    return false;
  };
  const added = (value) => {
    if (!isObject(value)) return;
    if (isArray(value) || behindProxy(value) || Symbol.isConcatSpreadable in value) items(value);
  };
  const nested = (list, depth) => {
    items(list);
    if (depth < 1) return;
    for (let i = 0; i < list.length; i++) if (isArray(list[i])) nested(list[i], depth - 1);
  };
  const special = {
    concat: (list, given) => {
      items(list);
      for (let i = 0; i < given.length; i++) added(given[i]);
    },
    flat: (list, given) => {
      const depth = given[0] === undefined ? 1 : +given[0];
      nested(list, depth);
      return [depth];
    },
  };
  const quick = ['constructor', 'at', 'push', 'pop', 'keys', 'values', 'entries', 'toString', 'flatMap'];
  for (const name of ownKeys(Array.prototype)) {
    if (typeof Array.prototype[name] !== 'function' || typeof name !== 'string' || quick.includes(name)) continue;
    bound(Array.prototype, name, special[name] ?? items);
  }
  const { map, flat, join } = Array.prototype;
  const flatMap = {
    flatMap(...given) {
      return apply(flat, apply(map, this, given), [1]);
    },
  }.flatMap;
  replace(Array.prototype, 'flatMap', Array.prototype.flatMap, flatMap);

  // ES2017 has none of these; they go through what never ends.
  const iterators = getPrototypeOf(getPrototypeOf([][Symbol.iterator]()));
  for (const name of ownKeys(iterators)) {
    if (typeof name === 'string' && name !== 'constructor') delete iterators[name];
  }
  for (const name of [
    'isDisjointFrom', 'isSubsetOf', 'isSupersetOf', 'intersection', 'difference', 'symmetricDifference', 'union',
  ]) delete Set.prototype[name];
  delete globalThis.Iterator;
  // Their arithmetic is slow, and nothing interrupts it.
  delete globalThis.BigInt;

  const NativeSet = Set;
  const LocalSet = {
    Set: function (iterable) {
      if (new.target === undefined) throw new TypeError("constructor requires 'new'");
      const made = construct(NativeSet, [], new.target);
      if (iterable === undefined || iterable === null) return made;
      const { add } = made;
      for (const item of iterable) apply(add, made, [item]);
      return made;
    },
  }.Set;
  for (const name of ownKeys(NativeSet)) {
    if (name === 'name' || name === 'length') continue;
    if (name === 'prototype') defineProperty(LocalSet, name, { value: NativeSet.prototype, writable: false });
    else defineProperty(LocalSet, name, getOwnPropertyDescriptor(NativeSet, name));
  }
  defineProperty(NativeSet.prototype, 'constructor', { value: LocalSet, writable: true, enumerable: false, configurable: true });
  replace(globalThis, 'Set', NativeSet, LocalSet);

  bound(JSON, 'stringify', (_, [value, replacer]) => {
    if (isArray(value) && !isProxy(value)) items(value);
    if (isArray(replacer)) items(replacer);
  });

  const raw = {
    raw(strings, ...given) {
      const pieces = strings.raw;
      const length = +pieces.length;
      if (length > LONGEST) throw new RangeError(`a template of ${length} pieces is too long`);
      const out = [];
      for (let i = 0; i < length; i++) {
        out[out.length] = `${pieces[i]}`;
        if (i + 1 < length && i < given.length) out[out.length] = `${given[i]}`;
      }
      return apply(join, out, ['']);
    },
  }.raw;
  replace(String, 'raw', String.raw, raw);

  const IsRegExp = RegExp;
  const methods = { split: Symbol.split, replace: Symbol.replace, replaceAll: Symbol.replace };
  for (const name of ['indexOf', 'lastIndexOf', 'includes', 'split', 'replace', 'replaceAll']) {
    const native = String.prototype[name];
    const bounded = {
      [name](...given) {
        if (this === undefined || this === null) return apply(native, this, given);
        let [sought] = given;
        if (isObject(sought)) {
          if (name in methods ? isObject(sought[methods[name]]) : sought instanceof IsRegExp) return apply(native, this, given);
          given[0] = sought = `${sought}`;
        }
        const text = `${this}`;
        if (typeof sought === 'string') {
          if (text.length * sought.length > DEAREST) {
            throw new RangeError(`a text of ${text.length} characters is too long to look for one of ${sought.length}`);
          }
          if (name === 'replaceAll' && text.length > LONGEST) {
            throw new RangeError(`a text of ${text.length} characters is too long to replace all that is found in it`);
          }
        }
        return apply(native, text, given);
      },
    }[name];
    replace(String.prototype, name, native, bounded);
  }
}
