from django.db import migrations, models


def fill(apps, schema_editor):
    """What the lists show of a forecast, out of what the card draws; the English comes with the next judging."""
    standings = apps.get_model("plan", "Standing")
    for each in standings.objects.exclude(data={}).iterator():
        combined = (each.data.get("forecasts") or [{}])[-1]
        each.forecast, each.forecast_low, each.forecast_high = (combined.get(name) for name in ("point", "low", "high"))
        each.provisional = bool(each.data.get("provisional"))
        each.save(update_fields=["forecast", "forecast_low", "forecast_high", "provisional"])


class Migration(migrations.Migration):
    dependencies = [
        ("plan", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="plancity",
            name="boundary_note_en",
            field=models.CharField(blank=True, max_length=400, verbose_name="英文地图说明"),
        ),
        migrations.AddField(
            model_name="standing",
            name="forecast",
            field=models.FloatField(help_text="combined, at the target's year", null=True, verbose_name="预测值"),
        ),
        migrations.AddField(
            model_name="standing",
            name="forecast_high",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="standing",
            name="forecast_low",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="standing",
            name="provisional",
            field=models.BooleanField(default=False, help_text="the verdict rests on a value that is not confirmed"),
        ),
        migrations.AddField(
            model_name="standing",
            name="rule_en",
            field=models.TextField(blank=True),
        ),
        migrations.AddField(
            model_name="standing",
            name="title_en",
            field=models.CharField(blank=True, max_length=120),
        ),
        migrations.AddField(
            model_name="standing",
            name="why_en",
            field=models.TextField(blank=True),
        ),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
