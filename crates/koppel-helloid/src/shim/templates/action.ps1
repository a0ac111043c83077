# {{ title }}: {{ action }}. {{ mark }}
# {{ notice }}

{{ call }}

{{ fields }}

{{ json }}
{% if tables %}

{{ table }}
{% endif %}

$settings = $actionContext.Configuration
$answer = $null
try {
    $context = Get-Fields $actionContext 'Configuration'
    $context['Configuration'] = Get-Fields $settings @({{ own }})
    $document = ConvertTo-Json -Depth 20 -Compress -InputObject ([ordered]@{
        actionContext = $context; personContext = $personContext; resourceContext = $resourceContext
        outputContext = @{ Data = $outputContext.Data }
    })
    Invoke-Koppel $document | ForEach-Object { $answer = (Read-Json $_).outputContext }
    if ($null -eq $answer) { throw 'Koppel gave no answer' }
} catch {
    # An answer counts, whatever was said beside it.
    if ($null -eq $answer) {
        $message = $_.Exception.Message
        $line = [pscustomobject]@{ Message = $message.Substring(0, [Math]::Min(254, $message.Length)); IsError = $true }
        $answer = [pscustomobject]@{ Success = $false; AuditLogs = @($line) }
    }
}

$there = Get-Fields $outputContext
foreach ($field in $answer.PSObject.Properties) {
    $name = $field.Name
    $now = $there[$name]
    if (-not $there.Contains($name)) {
        if (@('Success', 'AuditLogs') -notcontains $name) { Write-Warning "HelloID does not take [$name] from this script" }
    } elseif ($name -eq 'Data' -and $now -is [System.Management.Automation.PSCustomObject]) {
        foreach ($part in $field.Value.PSObject.Properties) {
            Add-Member -InputObject $now -MemberType NoteProperty -Name $part.Name -Value $part.Value -Force
        }
    } elseif ($now -is [System.Collections.IList] -and $now -isnot [array]) {
        foreach ($item in $field.Value) { [void] $now.Add({{ "(ConvertTo-Table $item)" if tables else "$item" }}) }
    } else { $outputContext.$name = $field.Value }
}
{% if silent %}
# HelloID shows no audit lines of this script.
if ($answer.Success -ne $true) { Write-Error (@($answer.AuditLogs | ForEach-Object { $_.Message }) -join '; ') }
{% endif %}
