function familyName() {
    var name = Person.Name || {};
    function whole(prefix, family) {
        return family ? ((prefix || '') + ' ' + family).trim() : '';
    }
    function both(first, second) {
        return first && second ? first + ' - ' + second : first || second;
    }
    var birth = whole(name.FamilyNamePrefix, name.FamilyName);
    var partner = whole(name.FamilyNamePartnerPrefix, name.FamilyNamePartner);
    switch (name.Convention) {
        case 'P': return partner || birth;
        case 'BP': return both(birth, partner);
        case 'PB': return both(partner, birth);
        default: return birth || partner;
    }
}
familyName();
