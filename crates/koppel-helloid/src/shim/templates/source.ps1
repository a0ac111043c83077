# {{ title }}: {{ action }}. {{ mark }}
# {{ notice }}

{{ call }}

{{ fields }}

$settings = if ($configuration -is [string]) { ConvertFrom-Json -InputObject $configuration } else { $configuration }
try {
    $values = Get-Fields $settings @({{ own }})
    # A preview gets everything as well: persons that were left out by mistake would lose their access.
    $document = ConvertTo-Json -Depth 20 -Compress -InputObject {{ document }}
    Invoke-Koppel $document | Where-Object { $_ } | ForEach-Object { Write-Output $_ }
} catch {
    # Nothing may be concluded from half an import.
    throw "The import from {{ title }} failed: $($_.Exception.Message)"
}
