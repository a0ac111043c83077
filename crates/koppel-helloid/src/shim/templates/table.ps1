# The hash table that HelloID's documentation asks for; lists stay lists, also with one element.
function ConvertTo-Table($From) {
    $table = @{}
    foreach ($field in $From.PSObject.Properties) {
        $table[$field.Name] = $field.Value
        if ($field.Value -is [System.Management.Automation.PSCustomObject]) { $table[$field.Name] = ConvertTo-Table $field.Value }
    }
    $table
}
