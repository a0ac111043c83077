# JSON as objects, dates as the texts they are: ConvertFrom-Json of PowerShell 7 makes something else of them.
function Read-Json([string] $Text) {
    if ($PSVersionTable.PSVersion.Major -lt 6) { return ConvertFrom-Json -InputObject $Text }
    Read-Element ([System.Text.Json.JsonDocument]::Parse($Text).RootElement)
}
function Read-Element($Element) {
    switch ([string] $Element.ValueKind) {
        'Object' {
            $object = New-Object System.Management.Automation.PSObject
            foreach ($part in $Element.EnumerateObject()) {
                $value = Read-Element $part.Value
                $object.PSObject.Properties.Add([System.Management.Automation.PSNoteProperty]::new($part.Name, $value))
            }
            return $object
        }
        'Array' {
            $items = [System.Collections.Generic.List[object]]::new()
            foreach ($part in $Element.EnumerateArray()) { $items.Add((Read-Element $part)) }
            return , $items.ToArray()
        }
        'Number' {
            if ($Element.GetRawText() -match '^-?\d{1,18}$') { return [long] $Element.GetRawText() }
            return $Element.GetDouble()
        }
        'String' { return $Element.GetString() }
        'True' { return $true }
        'False' { return $false }
        default { return $null }
    }
}
