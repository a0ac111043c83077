// Refuses what would run for minutes within the engine, where it asks nobody whether its time is over.
() => {
  'use strict';
  const { apply, defineProperty, ownKeys } = Reflect;
  // No memory that a script may have holds more items; an array that is longer is one of holes, such as [].length = 4e9.
  const LONGEST = 1 << 20;
  // Characters of the text times characters that are looked for.
  const DEAREST = 1 << 26;

  const bound = (holder, name, check) => {
    const native = holder[name];
    const bounded = {
      [name](...given) {
        check(this, given);
        return apply(native, this, given);
      },
    }[name];
    defineProperty(bounded, 'length', { value: native.length, configurable: true });
    defineProperty(holder, name, { value: bounded, writable: true, enumerable: false, configurable: true });
  };
  const items = (list) => {
    if (list !== undefined && list !== null && list.length > LONGEST) {
      throw new RangeError(`an array of ${list.length} items is too long`);
    }
  };
  const quick = ['constructor', 'at', 'push', 'pop', 'keys', 'values', 'entries', 'toString'];
  for (const name of ownKeys(Array.prototype)) {
    if (typeof Array.prototype[name] !== 'function' || typeof name !== 'string' || quick.includes(name)) continue;
    bound(Array.prototype, name, name !== 'concat' ? items : (list, given) => {
      items(list);
      for (let i = 0; i < given.length; i++) items(given[i]);
    });
  }
  for (const name of ['indexOf', 'lastIndexOf', 'includes', 'split', 'replace', 'replaceAll']) {
    bound(String.prototype, name, (text, [sought]) => {
      if (typeof text === 'string' && typeof sought === 'string' && text.length * sought.length > DEAREST) {
        throw new RangeError(`a text of ${text.length} characters is too long to look for one of ${sought.length}`);
      }
    });
  }
}
