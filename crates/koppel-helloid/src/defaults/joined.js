function joined() {
    var parts = [PARTS];
    for (var i = 0; i < parts.length; i++) {
        if (parts[i] === undefined || parts[i] === null || parts[i] === '') { return null; }
    }
    return parts.join('');
}
joined();
