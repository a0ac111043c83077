# The fields of an object or a table, but for some.
function Get-Fields($From, [string[]] $Except) {
    $fields = [ordered]@{}
    if ($From -is [System.Collections.IDictionary]) {
        foreach ($name in @($From.Keys)) { $fields[$name] = $From[$name] }
    } else {
        foreach ($field in $From.PSObject.Properties) { $fields[$field.Name] = $field.Value }
    }
    foreach ($name in $Except) { $fields.Remove($name) }
    $fields
}
